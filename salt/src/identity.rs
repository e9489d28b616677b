//! Whom a key belongs to: a mail address in a network under its master public key.
//!
//! ```text
//! M    = u16 len ‖ network ‖ master public key (96) ‖ "email" ‖ u16 len ‖ address
//! H(M) = RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO_, with a tag of our own
//! ```
//!
//! The address is exactly what the circuit commits to: the addr-spec of the From field with A–Z lowered, at most 124
//! bytes, its domain at most 62 ([the relation](https://github.com/zkdkim/zkdkim/blob/main/docs/relation.md), 5.1, 5.2).

use std::fmt;

use zeroize::{Zeroize, Zeroizing};
use zkdkim_relation::header::parse_mailbox;

use crate::{
    error::{Error, Result},
    group::{KeyPoint, PublicPoint, HASH_TO_G1_TAG},
};

/// Longest name of a network in bytes.
pub const MAX_NETWORK_BYTES: usize = 32;
/// A network whose name begins so has a key that one dealer made; no other network's name does.
pub const INSECURE_PREFIX: &str = "insecure-dealer-";

/// The name of a network of nodes: 1 to 32 lower-case letters, digits and hyphens, a letter first. It is part of every
/// identity, so a key of one network opens nothing in another, even where both have the same master key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkId(String);

impl NetworkId {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] for anything but a name.
    pub fn parse(text: &str) -> Result<NetworkId> {
        let bytes = text.as_bytes();
        let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let good = bytes.len() <= MAX_NETWORK_BYTES
            && bytes.first().is_some_and(u8::is_ascii_lowercase)
            && bytes.iter().all(allowed);
        good.then(|| NetworkId(text.to_owned())).ok_or(Error::Network)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name says that one dealer made the key.
    pub fn is_insecure(&self) -> bool {
        self.0.starts_with(INSECURE_PREFIX)
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail address, lowered. `Debug` shows nothing of it, and it is overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Zeroizing<String>);

impl MailAddress {
    /// Reads an address by the grammar of the From field; A–Z are lowered, nothing else is changed.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] with the rule that it breaks; [`Error::NotOnlyAddress`] where there is more than an address.
    pub fn parse(text: &str) -> Result<MailAddress> {
        let whole = 0..text.len();
        let mailbox = parse_mailbox(text.as_bytes(), whole.clone())
            .map_err(|refusal| Error::Address(Box::new(refusal)))?;
        if mailbox.address != whole {
            return Err(Error::NotOnlyAddress);
        }
        Ok(MailAddress(Zeroizing::new(text.to_ascii_lowercase())))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(redacted)")
    }
}

/// An address in a network under its key, and its point. Both are as secret as the address: `Debug` shows nothing.
#[derive(Clone)]
pub struct Identity {
    message: Zeroizing<Vec<u8>>,
    point: KeyPoint,
}

impl Identity {
    /// The identity of an address.
    pub fn new(network: &NetworkId, master: &PublicPoint, address: &MailAddress) -> Identity {
        let (network, address) = (network.0.as_bytes(), address.0.as_bytes());
        let mut message = Zeroizing::new(Vec::with_capacity(320));
        // Both are far below 2^16 bytes.
        message.extend_from_slice(&(network.len() as u16).to_be_bytes());
        message.extend_from_slice(network);
        message.extend_from_slice(&master.to_bytes());
        message.extend_from_slice(b"email");
        message.extend_from_slice(&(address.len() as u16).to_be_bytes());
        message.extend_from_slice(address);
        let point = KeyPoint::hash(&message, HASH_TO_G1_TAG);
        Identity { message, point }
    }

    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    pub(crate) fn point(&self) -> &KeyPoint {
        &self.point
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.point.zeroize();
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::SecretScalar;
    use rand::SeedableRng;

    #[test]
    fn names_of_networks() {
        for good in ["a", "main-1", "insecure-dealer-dev", &"z".repeat(32)] {
            assert_eq!(NetworkId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "1a", "-a", "A", "a b", "a_b", "ä", "a\n", &"z".repeat(33)] {
            assert_eq!(NetworkId::parse(bad), Err(Error::Network), "{bad:?}");
        }
        assert!(NetworkId::parse("insecure-dealer-x").unwrap().is_insecure());
        assert!(!NetworkId::parse("insecure-dealer").unwrap().is_insecure());
    }

    #[test]
    fn addresses_are_those_of_the_circuit() {
        let parse = |text: &str| MailAddress::parse(text).map(|a| a.as_str().to_owned());
        assert_eq!(parse("Ann@Example.ORG").unwrap(), "ann@example.org");
        assert_eq!(parse("a.b+c@d.ee").unwrap(), "a.b+c@d.ee");
        for bad in ["Ann <a@b.cc>", "<a@b.cc>"] {
            assert_eq!(parse(bad), Err(Error::NotOnlyAddress));
        }
        for bad in
            ["", "a", "a@b", "a@b.cc ", "a@b.cc, d@e.ff", "\"a\"@b.cc", "ä@b.cc", "a@[1.2.3.4]"]
        {
            assert_eq!(parse(bad).unwrap_err().id(), "address", "{bad}");
        }
        assert!(parse(&format!("{}@b.cc", "a".repeat(120))).is_err());
        assert!(parse(&format!("{}@b.cc", "a".repeat(119))).is_ok());
    }

    #[test]
    fn every_part_of_an_identity_counts() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
        let keys = [(); 2].map(|()| SecretScalar::random(&mut rng).public());
        let point = |network: &str, key: &PublicPoint, address: &str| {
            let network = NetworkId::parse(network).unwrap();
            Identity::new(&network, key, &MailAddress::parse(address).unwrap()).point
        };
        let one = point("main-1", &keys[0], "Ann@example.org");
        assert!(one == point("main-1", &keys[0], "ann@example.org"));
        assert!(one != point("main-2", &keys[0], "ann@example.org"));
        assert!(one != point("main-1", &keys[1], "ann@example.org"));
        assert!(one != point("main-1", &keys[0], "bob@example.org"));
    }

    #[test]
    fn nothing_shows_the_address() {
        let address = MailAddress::parse("ann@example.org").unwrap();
        let key = SecretScalar(ic_bls12_381::Scalar::from(3)).public();
        let identity = Identity::new(&NetworkId::parse("main-1").unwrap(), &key, &address);
        for shown in [format!("{address:?}"), format!("{identity:?}")] {
            assert!(shown.contains("redacted") && !shown.contains("ann"), "{shown}");
        }
        let long = format!("{}@ann.cc", "a".repeat(200));
        let error = MailAddress::parse(&long).unwrap_err();
        assert!(!error.to_string().contains("ann.cc"), "{error}");
    }
}
