//! Why a command ends early: its exit code, and what its user can do about it.
//!
//! The layers below say what is wrong; only this one knows flags and exit codes.

use std::path::{Path, PathBuf};

use zkdkim_circuits::statement::CircuitError;
use zkdkim_dns::Error as DnsError;
use zkdkim_net::Error as NetError;
use zkdkim_plonk::Error as PlonkError;
use zkdkim_prover::{layout::layout_of, Error as ProverError};
use zkdkim_relation::{
    inspect::Holds,
    key_text::{Unreadable, WITH_NAME},
    registry::RegistryError,
    Refusal, Rule,
};
use zkdkim_salt::Error as SaltError;
use zkdkim_salt_client::Error as NodesError;
use zkdkim_store::Error as StoreError;
use zkdkim_verifier_sol::Error as SolidityError;

/// The message, the statement or the proof is invalid.
pub const INVALID: u8 = 1;
/// Arguments, files, keys or the environment are not what the command needs.
pub const USAGE: u8 = 2;

/// Every failure that a user is told of.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file, or what is in it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message, a statement, a proof, a key.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The Solidity verifier could not be made or run, or did not accept.
    #[error("Solidity verifier: {0}")]
    Solidity(#[from] SolidityError),
    /// Key records that could not be looked up.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// Salt nodes, a committee's record, an escrow.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// A file of one of these is none.
    #[error("{}: {error}", path.display())]
    NodesFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: NodesError,
    },
    /// Selectors of a list of providers that could not be looked up; what was found is kept.
    #[error("{unknown} of {asked} selectors could not be looked up; what was found is written")]
    Sync {
        /// How many.
        unknown: usize,
        /// Of how many.
        asked: usize,
    },
    /// An argument is not what it should be.
    #[error("{what}: {detail}")]
    Input {
        /// The argument by its name, such as `ADDRESS` or `--slot`.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The arguments could not be read.
    #[error("{detail}")]
    Usage {
        /// The first paragraph of clap's message, on one line.
        detail: String,
    },
    /// An argument that holds a key record or a domain is something else.
    #[error("{what}: {error}")]
    KeyText {
        /// The argument by its name, such as `DOMAIN`.
        what: &'static str,
        /// What it is, and what to give.
        error: Unreadable,
    },
    /// A message is refused.
    #[error("{}: {refusal}", path.display())]
    Message {
        /// The message's file as it was given; `-` for standard input.
        path: PathBuf,
        /// By which rule, and why.
        refusal: Box<Refusal>,
        /// What its signature vouches for all the same.
        holds: Holds,
    },
    /// The message has another Subject than the user wants.
    #[error("{}: {detail}", path.display())]
    Subject {
        /// The message's file as it was given; `-` for standard input.
        path: PathBuf,
        /// Where it differs, or what its sender's program made of the wanted text.
        detail: String,
        /// What to do, with the wanted Subject at the end.
        hint: String,
        /// What its signature vouches for.
        holds: Holds,
    },
    /// The pool of threads was refused.
    #[error("cannot start {threads} threads: {detail}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Rayon's error as text.
        detail: String,
    },
}

impl From<PlonkError> for Fault {
    fn from(error: PlonkError) -> Fault {
        Fault::Prover(error.into())
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        Fault::Prover(refusal.into())
    }
}

impl From<SaltError> for Fault {
    fn from(error: SaltError) -> Fault {
        Fault::Nodes(error.into())
    }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Fault {
        Fault::Nodes(error.into())
    }
}

impl From<RegistryError> for Fault {
    fn from(error: RegistryError) -> Fault {
        Fault::Prover(error.into())
    }
}

impl From<CircuitError> for Fault {
    fn from(error: CircuitError) -> Fault {
        Fault::Prover(error.into())
    }
}

impl Fault {
    /// A [`Fault::Input`]: `what` is the argument, `detail` what is wrong with it.
    pub fn input(what: impl Into<String>, detail: impl ToString) -> Fault {
        Fault::Input { what: what.into(), detail: detail.to_string() }
    }

    /// The error of the prover or below it, wherever it was met.
    fn prover(&self) -> Option<&ProverError> {
        match self {
            Fault::Prover(error) | Fault::Store(StoreError::Content { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// What nodes, a record or an escrow have to do with it.
    fn nodes(&self) -> Option<&NodesError> {
        match self {
            Fault::Nodes(error) | Fault::NodesFile { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The refusal of a message by a rule.
    pub fn refusal(&self) -> Option<&Refusal> {
        match (self, self.prover()) {
            (Fault::Message { refusal, .. }, _) => Some(refusal),
            (_, Some(ProverError::Refused(refusal))) => Some(refusal),
            _ => None,
        }
    }

    /// What the signature of a refused message vouches for all the same.
    pub fn holds(&self) -> Option<Holds> {
        match self {
            Fault::Message { holds, .. } | Fault::Subject { holds, .. } => Some(*holds),
            _ => None,
        }
    }

    /// The file that it is about, where there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Fault::Store(error) => error.path(),
            Fault::Message { path, .. }
            | Fault::Subject { path, .. }
            | Fault::NodesFile { path, .. } => Some(path),
            _ => None,
        }
    }

    /// One word: `refused`, `invalid` or `error`.
    pub fn verdict(&self) -> &'static str {
        if let Some(error) = self.nodes() {
            return match error {
                NodesError::Salt(SaltError::InsecureDealer) => "refused",
                NodesError::TooFew { .. } if error.final_refusal().is_some() => "refused",
                NodesError::Salt(SaltError::Escrow) => "invalid",
                _ => "error",
            };
        }
        match (self, self.prover()) {
            (Fault::Message { .. } | Fault::Subject { .. }, _) => "refused",
            (_, Some(ProverError::Refused(_) | ProverError::InsecureSrs { .. })) => "refused",
            _ if self.exit_code() == INVALID => "invalid",
            _ => "error",
        }
    }

    /// [`INVALID`] where the fault lies in the message, the statement or the proof; [`USAGE`] where it lies in the
    /// command or its surroundings. A file that is no proof at all is the latter.
    pub fn exit_code(&self) -> u8 {
        if self.nodes().is_some() {
            return if self.verdict() == "error" { USAGE } else { INVALID };
        }
        let invalid = match (self, self.prover()) {
            (Fault::Solidity(SolidityError::Refused(_)), _) => true,
            (Fault::Message { .. } | Fault::Subject { .. }, _) => true,
            (_, Some(error)) => matches!(
                error,
                ProverError::Refused(_)
                    | ProverError::Circuit(_)
                    | ProverError::Unexpected { .. }
                    | ProverError::Labels
                    | ProverError::WrongLayout { what: "the proof", .. }
                    | ProverError::InsecureSrs { .. }
                    | ProverError::Plonk(
                        PlonkError::InvalidProof { .. }
                            | PlonkError::InstanceCount { .. }
                            | PlonkError::WrongKey { what: "the proof", .. }
                    )
            ),
            _ => false,
        };
        if invalid {
            INVALID
        } else {
            USAGE
        }
    }

    /// A stable identifier of the cause, for `--json`.
    pub fn id(&self) -> &'static str {
        match self {
            Fault::Store(error) => error.id(),
            Fault::Prover(error) => error.id(),
            Fault::Solidity(SolidityError::Refused(_)) => "contract",
            Fault::Solidity(_) => "solidity",
            Fault::Dns(error) => error.id(),
            Fault::Nodes(error) | Fault::NodesFile { error, .. } => error.id(),
            Fault::Sync { .. } => "dns-incomplete",
            Fault::Input { .. } | Fault::KeyText { .. } => "input",
            Fault::Usage { .. } => "usage",
            Fault::Message { refusal, .. } => refusal.rule.id(),
            Fault::Subject { .. } => "unexpected",
            Fault::Threads { .. } => "threads",
        }
    }

    /// What would make it pass, where the error itself does not say.
    pub fn hint(&self) -> Option<String> {
        if let Some(error) = self.nodes() {
            return nodes_hint(error);
        }
        let hint = match (self, self.prover()) {
            (Fault::Dns(DnsError::Absent { .. }), _) => {
                "the provider has withdrawn the key: use a newer message, or records of when it was sent"
            }
            (Fault::Dns(error), _) if error.is_temporary() => {
                "try again later, name other --resolvers, or give records in a file"
            }
            (Fault::Sync { .. }, _) => "run it again later",
            (Fault::Store(StoreError::Exists { .. }), _) => "it is kept unless --force is given",
            (Fault::Store(StoreError::NoSrs { .. }), _) => {
                "run `zkdkim setup --ptau FILE`, or `zkdkim setup --insecure-dev` for development; each \
                 --layout has an SRS of its own size"
            }
            (Fault::Store(StoreError::NoHome), _) => "give --cache-dir or ZKDKIM_CACHE",
            (Fault::Store(StoreError::KeyText { error, .. }), _) if error.hint == WITH_NAME => {
                return Some(format!(
                    "{WITH_NAME}; `zkdkim dns record --name NAME` makes that of any record"
                ));
            }
            (Fault::Store(StoreError::KeyText { error, .. }) | Fault::KeyText { error, .. }, _) => {
                &error.hint
            }
            (Fault::Usage { .. }, _) => "`zkdkim --help`, or --help after a command, lists them",
            (Fault::Message { refusal, holds, .. }, _) => return message_hint(refusal, *holds),
            (Fault::Subject { hint, .. }, _) => hint,
            (_, Some(ProverError::Refused(refusal))) => &refusal.hint,
            (_, Some(ProverError::InsecureSrs { .. })) => {
                "pass --allow-insecure-dev to go on all the same"
            }
            (_, Some(ProverError::WrongLayout { got, .. })) => {
                return Some(format!("give --layout {got}"));
            }
            (_, Some(ProverError::Plonk(PlonkError::WrongCircuit { got, .. }))) => {
                return match layout_of(got) {
                    Some(name) => Some(format!("it is of the layout {name}: give --layout {name}")),
                    None => Some("it was made by another version of this program".into()),
                };
            }
            (_, Some(ProverError::SaltFile { .. })) => "`zkdkim salt new` makes one",
            (_, Some(ProverError::ExpectedSubject)) => "check --subject",
            (_, Some(ProverError::Plonk(PlonkError::Proving { .. }))) => {
                "if this program was rebuilt since the keys were made, `zkdkim setup --rebuild` \
                 makes them anew"
            }
            _ => "",
        };
        (!hint.is_empty()).then(|| hint.to_owned())
    }
}

/// What to do about nodes, records and escrows.
fn nodes_hint(error: &NodesError) -> Option<String> {
    let hint = match (error, error.final_refusal()) {
        (NodesError::TooFew { .. }, Some(refusal)) => match refusal.id.as_str() {
            "subject-form" => "`zkdkim salt subject` makes the Subject of a mail that opens a salt",
            "recipient" => "`zkdkim salt consent` makes the text that the new key signs: give it with --signature",
            "stale" | "expired" => "send a new mail, with a new Subject",
            "network" | "request" => "is this the record of the committee that the nodes serve?",
            _ => "a proof can't be made of this mail either: `zkdkim inspect` says more",
        },
        (NodesError::TooFew { .. }, None) => {
            "ask again later: the same mail serves, and nodes that answered do not count it again"
        }
        (NodesError::Salt(SaltError::InsecureDealer), _) => {
            "pass --allow-insecure-dealer to go on all the same"
        }
        (NodesError::Salt(SaltError::Escrow), _) => {
            "an escrow opens by a mail of the address that it was made for, and for this committee's network"
        }
        (NodesError::OnceKey { .. }, _) => "`zkdkim salt subject` or `zkdkim salt consent` makes one",
        (NodesError::Net(NetError::Endpoint { .. }), _) => {
            "--allow-plain-http asks http:// too: on this machine, or for development"
        }
        _ => return None,
    };
    Some(hint.into())
}

/// The rule's own advice; and the flag, where the header that it would prove holds.
pub fn message_hint(refusal: &Refusal, holds: Holds) -> Option<String> {
    let flag = match (holds, refusal.rule) {
        (Holds::Header, Rule::BodyHash) => Some("the body is another"),
        (Holds::Header, _) => Some("a line outside it is no field"),
        (Holds::Message | Holds::Nothing, _) => None,
    };
    let flag = flag.map(|what| {
        format!(
            "the signed header holds, {what}: --accept-changed-body proves the header alone, which is \
             all that a proof speaks of"
        )
    });
    let advice = Some(refusal.hint.clone()).filter(|hint| !hint.is_empty());
    let parts: Vec<String> = [advice, flag].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(". Or: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_proof_is_a_fault_of_usage_and_what_does_not_verify_a_verdict() {
        let none = ProverError::ProofFile { detail: "empty".into() };
        let file = StoreError::Content { path: "p.json".into(), error: none };
        let fault = Fault::from(file);
        assert_eq!((fault.exit_code(), fault.verdict()), (USAGE, "error"));
        let fault = Fault::from(PlonkError::InvalidProof { detail: "a scalar".into() });
        assert_eq!((fault.exit_code(), fault.verdict()), (INVALID, "invalid"));
    }

    #[test]
    fn layers_below_name_no_flags() {
        // Hints name flags; errors may not, or whoever calls the library is told of a program it does not run.
        let errors: [Fault; 4] = [
            StoreError::Exists { path: "x".into() }.into(),
            StoreError::NoSrs { path: "x".into() }.into(),
            ProverError::InsecureSrs { what: "the proof" }.into(),
            ProverError::ExpectedSubject.into(),
        ];
        for fault in errors {
            assert!(!fault.to_string().contains("--"), "{fault}");
            assert!(fault.hint().is_some(), "{fault}");
        }
    }
}
