//! Why an operation ends without a result, as the page is told.

use serde_json::{json, Value};
use zkdkim_plonk::Error as PlonkError;
use zkdkim_prover::{layout::layout_of, Error as ProverError};
use zkdkim_relation::{inspect::Holds, Refusal, Rule};

/// Every failure that a caller meets.
#[derive(Debug)]
pub enum Fault {
    /// A message is refused by a rule; the signature vouches for so much all the same.
    Message(Box<Refusal>, Holds),
    /// The message has another Subject than the caller wants.
    Subject {
        /// Where it differs.
        detail: String,
        /// What to do, with the wanted Subject at the end.
        hint: String,
        /// What its signature vouches for.
        holds: Holds,
    },
    /// Statement, proof, key or file.
    Prover(ProverError),
    /// The salt nodes' answers come to nothing.
    Nodes {
        /// What each of them did.
        detail: String,
    },
    /// An argument is not what it should be.
    Input {
        /// The argument by its name in the package.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl<E: Into<ProverError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Prover(error.into())
    }
}

impl Fault {
    /// A [`Fault::Input`].
    pub fn input(what: &'static str, detail: impl ToString) -> Self {
        Fault::Input { what, detail: detail.to_string() }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Fault::Message(refusal, _) => Some(refusal),
            Fault::Prover(ProverError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// A stable identifier of the cause, in kebab case: that of the command line.
    pub fn id(&self) -> &'static str {
        match self {
            Fault::Message(refusal, _) => refusal.rule.id(),
            Fault::Subject { .. } => "unexpected",
            Fault::Prover(error) => error.id(),
            Fault::Nodes { .. } => "salt-nodes",
            Fault::Input { .. } => "input",
        }
    }

    /// One word: `refused`, `invalid` or `error`.
    pub fn verdict(&self) -> &'static str {
        match self {
            Fault::Message(..) | Fault::Subject { .. } => "refused",
            Fault::Prover(ProverError::Refused(_) | ProverError::InsecureSrs { .. }) => "refused",
            Fault::Prover(
                ProverError::Circuit(_)
                | ProverError::Unexpected { .. }
                | ProverError::Labels
                | ProverError::WrongLayout { what: "the proof", .. }
                | ProverError::Plonk(
                    PlonkError::InvalidProof { .. }
                    | PlonkError::InstanceCount { .. }
                    | PlonkError::WrongKey { what: "the proof", .. },
                ),
            ) => "invalid",
            Fault::Prover(_) | Fault::Nodes { .. } | Fault::Input { .. } => "error",
        }
    }

    fn detail(&self) -> String {
        match self {
            Fault::Message(refusal, _) => refusal.detail.clone(),
            Fault::Prover(ProverError::Refused(refusal)) => refusal.detail.clone(),
            Fault::Subject { detail, .. } => detail.clone(),
            Fault::Prover(error) => error.to_string(),
            Fault::Nodes { detail } => detail.clone(),
            Fault::Input { what, detail } => format!("{what}: {detail}"),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Fault::Message(refusal, holds) => return message_hint(refusal, *holds),
            Fault::Subject { hint, .. } => hint,
            Fault::Prover(ProverError::Refused(refusal)) => &refusal.hint,
            Fault::Prover(ProverError::InsecureSrs { .. }) => {
                "pass allowInsecureDev to go on all the same"
            }
            Fault::Prover(ProverError::WrongLayout { got, .. }) => {
                return Some(format!("give the layout {got}"));
            }
            Fault::Prover(ProverError::Plonk(PlonkError::WrongCircuit { got, .. })) => {
                return Some(match layout_of(got) {
                    Some(name) => format!("it is of the layout {name}"),
                    None => "it was made by another version of this program".into(),
                });
            }
            Fault::Prover(ProverError::SaltFile { .. }) => {
                "give the salt's file as it was saved; a new salt belongs to another commitment"
            }
            Fault::Nodes { .. } => {
                "try again later; the mail has to be of this day, and its round still open"
            }
            Fault::Prover(ProverError::ExpectedSubject) => "check the expected Subject",
            _ => "",
        };
        (!hint.is_empty()).then(|| hint.to_owned())
    }

    /// What the page shows: verdict, rule, clause, detail, place, hint, what holds.
    pub fn to_json(&self) -> Value {
        let refusal = self.refusal();
        let holds = match self {
            Fault::Message(_, holds) | Fault::Subject { holds, .. } => Some(holds),
            _ => None,
        };
        let mut json = json!({
            "verdict": self.verdict(),
            "rule": self.id(),
            "detail": self.detail(),
        });
        let more = [
            ("title", refusal.map(|r| json!(r.rule.title()))),
            ("clause", refusal.map(|r| json!(r.rule.clause().number))),
            ("place", refusal.map(|r| json!(r.place))),
            ("hint", self.hint().map(Value::from)),
            ("holds", holds.map(|holds| json!(holds))),
        ];
        for (key, value) in more {
            if let Some(value) = value {
                json[key] = value;
            }
        }
        json
    }
}

/// The rule's own advice; and the option, where the header that it would prove holds.
fn message_hint(refusal: &Refusal, holds: Holds) -> Option<String> {
    let what = match (holds, refusal.rule) {
        (Holds::Header, Rule::BodyHash) => Some("the body is another"),
        (Holds::Header, _) => Some("a line outside it is no field"),
        (Holds::Message | Holds::Nothing, _) => None,
    };
    let option = what.map(|what| {
        format!(
            "the signed header holds, {what}: acceptChangedBody proves the header alone, which is all that a proof \
             speaks of"
        )
    });
    let advice = Some(refusal.hint.clone()).filter(|hint| !hint.is_empty());
    let parts: Vec<String> = [advice, option].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(". Or: "))
}
