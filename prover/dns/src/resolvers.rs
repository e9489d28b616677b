//! Which resolvers are asked, and how many have to agree: data, in TOML.
//!
//! ```toml
//! quorum = 2
//! [[resolver]]
//! name = "one"
//! url = "https://resolver-1.example/dns-query"
//! ```

use serde::Deserialize;
use zkdkim_net::{Endpoint, PlainHttp};

use crate::error::{Error, Result};

/// Most resolvers of a list: each question goes to all of them at once.
pub const MAX_RESOLVERS: usize = 16;

const DEFAULT: &str = include_str!("../resolvers.toml");

/// A resolver over HTTPS (RFC 8484).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolver {
    /// What errors call it.
    pub name: String,
    /// Where it is asked.
    pub endpoint: Endpoint,
}

/// Resolvers, and how many of them have to say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolvers {
    resolvers: Vec<Resolver>,
    quorum: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    quorum: usize,
    resolver: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
}

impl Resolvers {
    /// A list. More than half have to agree, so that two answers never both count.
    ///
    /// # Errors
    ///
    /// [`Error::Resolvers`] for more than [`MAX_RESOLVERS`], two of one name or one host, or a quorum that is no majority.
    pub fn new(resolvers: Vec<Resolver>, quorum: usize) -> Result<Resolvers> {
        let refuse = |detail: String| Err(Error::Resolvers { detail });
        let count = resolvers.len();
        if count > MAX_RESOLVERS {
            return refuse(format!("{count} of them; at most {MAX_RESOLVERS} are asked"));
        }
        if quorum > count || 2 * quorum <= count {
            return refuse(format!("a quorum of {quorum} of {count} is no majority"));
        }
        let mut names: Vec<_> = resolvers.iter().map(|resolver| resolver.name.clone()).collect();
        let mut hosts: Vec<_> =
            resolvers.iter().map(|resolver| resolver.endpoint.origin()).collect();
        for list in [&mut names, &mut hosts] {
            list.sort();
            if let Some(pair) = list.windows(2).find(|pair| pair[0] == pair[1]) {
                return refuse(format!("{} twice; each counts once", pair[0]));
            }
        }
        Ok(Resolvers { resolvers, quorum })
    }

    /// Reads a list in TOML.
    ///
    /// # Errors
    ///
    /// [`Error::Resolvers`] with the place where it is none; also for an `http://` URL where that is not allowed.
    pub fn parse(text: &str, plain: PlainHttp) -> Result<Resolvers> {
        let file: File = toml::from_str(text)
            .map_err(|error| Error::Resolvers { detail: error.to_string().trim_end().into() })?;
        let read = |Entry { name, url }: Entry| {
            let endpoint = Endpoint::parse(&url, plain);
            let endpoint = endpoint
                .map_err(|error| Error::Resolvers { detail: format!("{name}: {error}") })?;
            Ok(Resolver { name, endpoint })
        };
        Resolvers::new(file.resolver.into_iter().map(read).collect::<Result<_>>()?, file.quorum)
    }

    /// Five resolvers of as many operators, of which three have to agree: `resolvers.toml` of this crate.
    ///
    /// # Errors
    ///
    /// None, as a test reads the same file.
    pub fn default_list() -> Result<Resolvers> {
        Resolvers::parse(DEFAULT, PlainHttp::Refused)
    }

    /// The resolvers.
    pub fn resolvers(&self) -> &[Resolver] {
        &self.resolvers
    }

    /// How many have to agree.
    pub fn quorum(&self) -> usize {
        self.quorum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_list_is_three_of_five() {
        let list = Resolvers::default_list().unwrap();
        assert_eq!((list.quorum(), list.resolvers().len()), (3, 5));
    }

    #[test]
    fn rejects_lists_in_which_two_answers_could_count() {
        let entry =
            |i: usize| format!("[[resolver]]\nname = \"r{i}\"\nurl = \"https://r{i}.example\"\n");
        let list = |quorum: usize, count: usize| {
            let entries: String = (0..count).map(entry).collect();
            Resolvers::parse(&format!("quorum = {quorum}\n{entries}"), PlainHttp::Refused)
        };
        for (quorum, count) in [(1, 1), (2, 2), (2, 3), (3, 5), (16, 16)] {
            assert!(list(quorum, count).is_ok(), "{quorum} of {count}");
        }
        for (quorum, count) in [(0, 1), (1, 2), (2, 4), (2, 5), (4, 3), (17, 17)] {
            let error = list(quorum, count).unwrap_err();
            assert!(matches!(error, Error::Resolvers { .. }), "{quorum} of {count}");
        }
    }

    #[test]
    fn rejects_what_is_no_list() {
        let with = |resolver: &str| format!("quorum = 1\n[[resolver]]\n{resolver}");
        for bad in [
            String::new(),
            with("name = \"a\""),
            with("name = \"a\"\nurl = \"http://a.example\""),
            with("name = \"a\"\nurl = \"https://a.example\"\nextra = 1"),
        ] {
            assert!(matches!(
                Resolvers::parse(&bad, PlainHttp::Refused),
                Err(Error::Resolvers { .. })
            ));
        }
        let twice = "quorum = 2\n[[resolver]]\nname = \"a\"\nurl = \"https://a.example/1\"\n\
                     [[resolver]]\nname = \"b\"\nurl = \"https://a.example/2\"\n";
        let error = Resolvers::parse(twice, PlainHttp::Refused).unwrap_err();
        assert!(error.to_string().contains("https://a.example twice"), "{error}");
    }
}
