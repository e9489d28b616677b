//! Asking: several resolvers over HTTPS that must agree, or the system's resolver, or a server that is named.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{mpsc, Arc},
    thread,
    time::Duration,
};

use hickory_proto::rr::RData;
use hickory_resolver::{
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    system_conf, TokioResolver,
};
use zkdkim_net::{Error as NetError, Http};
use zkdkim_relation::{dkim::key_name, DnsRecords};

use crate::{
    error::{Error, Result, Said},
    names::key_names,
    resolvers::{Resolver, Resolvers},
    wire::{self, Records},
};

/// Names that are looked up at once; each takes a thread for each resolver.
const AT_ONCE: usize = 8;

/// DNS as it is now. Every look-up is bounded in time and size, and nothing is remembered.
#[derive(Clone)]
pub struct LiveDns(Arc<Source>);

enum Source {
    Https { http: Http, list: Resolvers },
    Server { config: ResolverConfig, options: Box<ResolverOpts>, timeout: Duration },
}

/// Records that were found, and look-ups that came to nothing.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// The records, by name.
    pub records: DnsRecords,
    /// Why the others are missing, [`Error::Absent`] included.
    pub faults: Vec<Error>,
}

impl LiveDns {
    /// Resolvers over HTTPS. A record counts where a quorum of them has the same; so does its absence. `http` sets the time
    /// that each of them has.
    pub fn https(http: Http, list: Resolvers) -> LiveDns {
        LiveDns(Arc::new(Source::Https { http, list }))
    }

    /// The resolver of this machine, which is trusted as it is: anybody on the way to it can answer.
    ///
    /// # Errors
    ///
    /// [`Error::Resolvers`] where the system names none.
    pub fn system(timeout: Duration) -> Result<LiveDns> {
        let (config, options) = system_conf::read_system_conf()
            .map_err(|error| Error::Resolvers { detail: format!("the system's: {error}") })?;
        Ok(LiveDns::server(config, options, timeout))
    }

    /// One DNS server, over UDP and TCP, trusted as the system's would be: a validating resolver on this machine, say.
    pub fn at(address: SocketAddr, timeout: Duration) -> LiveDns {
        let connections =
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
        let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        LiveDns::server(config, ResolverOpts::default(), timeout)
    }

    fn server(config: ResolverConfig, mut options: ResolverOpts, timeout: Duration) -> LiveDns {
        options.timeout = timeout;
        options.attempts = 1;
        options.cache_size = 0;
        LiveDns(Arc::new(Source::Server { config, options: Box::new(options), timeout }))
    }

    /// The TXT records of a name, sorted, each in one piece.
    ///
    /// # Errors
    ///
    /// [`Error::Name`]; [`Error::Absent`] where it is agreed that there are none; [`Error::NoQuorum`], [`Error::System`]
    /// where it is not known.
    pub fn txt(&self, name: &str) -> Result<Vec<String>> {
        wire::check_name(name)?;
        let records = match &*self.0 {
            Source::Https { http, list } => ask_all(http, list, name)?,
            Source::Server { config, options, timeout } => {
                ask_server(config.clone(), (**options).clone(), *timeout, name)?
            }
        };
        match records.is_empty() {
            true => Err(Error::Absent { name: name.into() }),
            false => Ok(records.into_iter().collect()),
        }
    }

    /// The key records of a selector.
    ///
    /// # Errors
    ///
    /// As [`Self::txt`].
    pub fn key_records(&self, domain: &str, selector: &str) -> Result<Vec<String>> {
        self.txt(&key_name(selector, domain))
    }

    /// Looks up names, some at once.
    pub fn fetch(&self, names: &[String]) -> Fetched {
        let mut fetched = Fetched::default();
        for some in names.chunks(AT_ONCE) {
            let look_up = |name: &String| {
                let (dns, name) = (self.clone(), name.clone());
                thread::spawn(move || dns.txt(&name))
            };
            let running: Vec<_> = some.iter().map(look_up).collect();
            for (name, running) in some.iter().zip(running) {
                let detail = "the look-up ended without an answer".into();
                let failed = |_| Err(Error::System { name: name.clone(), detail });
                match running.join().unwrap_or_else(failed) {
                    Ok(texts) => texts.into_iter().for_each(|text| fetched.records.add(name, text)),
                    Err(fault) => fetched.faults.push(fault),
                }
            }
        }
        fetched
    }

    /// The key records of all signatures of a mail ([`key_names`]).
    pub fn for_message(&self, message: &[u8]) -> Fetched {
        self.fetch(&key_names(message))
    }
}

impl fmt::Debug for LiveDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Https { list, .. } => f.debug_tuple("LiveDns").field(list).finish(),
            Source::Server { config, .. } => {
                f.debug_tuple("LiveDns").field(&config.name_servers()).finish()
            }
        }
    }
}

/// Asks all resolvers at once, and ends as soon as a quorum agrees or none can. Those that are slower end by themselves.
fn ask_all(http: &Http, list: &Resolvers, name: &str) -> Result<Records> {
    let question = wire::question(name)?;
    let (sender, answers) = mpsc::channel();
    for (at, resolver) in list.resolvers().iter().enumerate() {
        let (http, resolver, question) = (http.clone(), resolver.clone(), question.clone());
        let (sender, name) = (sender.clone(), name.to_owned());
        // Nobody may be listening any more.
        thread::spawn(move || drop(sender.send((at, ask(&http, &resolver, &name, question)))));
    }
    drop(sender);
    let mut tally = Tally::new(list);
    for (at, answer) in answers {
        match tally.count(at, answer) {
            Some(records) => return Ok(records),
            None if tally.is_lost() => break,
            None => {}
        }
    }
    Err(tally.no_quorum(name))
}

fn ask(http: &Http, resolver: &Resolver, name: &str, question: Vec<u8>) -> Result<Records, String> {
    let limit = wire::MAX_MESSAGE_BYTES;
    let reply = http.post(&resolver.endpoint, wire::MEDIA_TYPE, question, limit);
    let reply = reply.map_err(|error| match error {
        NetError::Unreachable { detail, .. } => detail,
        other => other.to_string(),
    })?;
    if reply.status != 200 || reply.content_type != wire::MEDIA_TYPE {
        return Err(format!("status {} and no {}", reply.status, wire::MEDIA_TYPE));
    }
    wire::answer(name, &reply.body)
}

/// Who said what so far.
struct Tally<'a> {
    list: &'a Resolvers,
    votes: BTreeMap<Records, usize>,
    said: BTreeMap<usize, String>,
}

impl<'a> Tally<'a> {
    fn new(list: &'a Resolvers) -> Tally<'a> {
        Tally { list, votes: BTreeMap::new(), said: BTreeMap::new() }
    }

    /// Counts an answer; the records, once a quorum has them.
    fn count(&mut self, at: usize, answer: Result<Records, String>) -> Option<Records> {
        match answer {
            Ok(records) => {
                self.said.insert(at, summary(&records));
                let votes = self.votes.entry(records.clone()).or_default();
                *votes += 1;
                (*votes >= self.list.quorum()).then_some(records)
            }
            Err(fault) => {
                self.said.insert(at, fault);
                None
            }
        }
    }

    /// Whether no answer can reach the quorum any more.
    fn is_lost(&self) -> bool {
        let open = self.list.resolvers().len() - self.said.len();
        self.votes.values().max().copied().unwrap_or_default() + open < self.list.quorum()
    }

    fn no_quorum(mut self, name: &str) -> Error {
        let said = self.list.resolvers().iter().enumerate().map(|(at, resolver)| {
            let what = self.said.remove(&at).unwrap_or_else(|| "not waited for".into());
            Said { resolver: resolver.name.clone(), what }
        });
        let said = said.collect();
        let (quorum, asked) = (self.list.quorum(), self.list.resolvers().len());
        Error::NoQuorum { name: name.into(), quorum, asked, said }
    }
}

/// Enough to see that two answers differ.
fn summary(records: &Records) -> String {
    let end = |text: &String| {
        let mut end: Vec<char> = text.chars().rev().filter(|c| !c.is_control()).take(8).collect();
        end.reverse();
        format!("{} bytes ending in {:?}", text.len(), end.into_iter().collect::<String>())
    };
    match records.len() {
        0 => "no record".into(),
        1 => format!("a record, {}", records.iter().map(end).collect::<String>()),
        count => {
            format!("{count} records, {}", records.iter().map(end).collect::<Vec<_>>().join(", "))
        }
    }
}

/// On a thread of its own: the caller's may not be allowed to wait for a runtime.
fn ask_server(
    config: ResolverConfig,
    options: ResolverOpts,
    timeout: Duration,
    name: &str,
) -> Result<Records> {
    let fault = |detail: String| Error::System { name: name.into(), detail };
    let fqdn = format!("{name}.");
    let running = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let builder =
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            let resolver = builder.with_options(options).build().map_err(|e| e.to_string())?;
            // Over UDP, then over TCP, each with this time.
            let asked = tokio::time::timeout(2 * timeout, resolver.txt_lookup(fqdn)).await;
            match asked.map_err(|_| format!("no answer within {} s", 2 * timeout.as_secs()))? {
                Ok(lookup) => texts(lookup.answers().iter().map(|record| &record.data)),
                Err(error) if error.is_no_records_found() => Ok(Records::new()),
                Err(error) => Err(error.to_string()),
            }
        })
    });
    running.join().map_err(|_| fault("the look-up ended without an answer".into()))?.map_err(fault)
}

fn texts<'a>(data: impl Iterator<Item = &'a RData>) -> Result<Records, String> {
    let mut records = Records::new();
    for data in data {
        if let RData::TXT(text) = data {
            let text = String::from_utf8(text.txt_data.concat());
            records.insert(text.map_err(|_| "a record that is no text")?);
        }
    }
    Ok(records)
}
