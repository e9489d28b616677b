//! What a verifier wants to be proved, compared with what is.
//!
//! A proof that verifies says only that *some* mail of *some* account exists. What it means depends on
//! its public inputs, so whoever verifies says what it expects of them.

use serde::Serialize;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_relation::{
    commitment::to_biguint,
    statement::{place, PUBLIC_INPUTS},
    CommandHash, EmailCommitment, Nullifier, PackedSubject, RegistryRoot,
};

use crate::{
    error::{Error, Result},
    hex_form::{bytes_hex, field_hex},
};

/// Expectations; an absent one is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The root of the key registry.
    pub root: Option<RegistryRoot>,
    /// The commitment that the account stores.
    pub commitment: Option<EmailCommitment>,
    /// The nullifier: that of one mail under one salt.
    pub nullifier: Option<Nullifier>,
    /// The whole Subject, read in clear: printable ASCII, at most 186 bytes.
    pub subject: Option<String>,
    /// The command, read in a sealed Subject.
    pub command: Option<CommandHash>,
    /// The mail must carry a time, and it must be shown not to be earlier (seconds since 1970).
    pub not_before: Option<u64>,
}

/// Names of the public inputs.
const ROOT: &str = "registry-root";
const COMMITMENT: &str = "commitment";
const NULLIFIER: &str = "nullifier";
const SUBJECT: &str = "subject";
const COMMAND: &str = "command";
const NOT_BEFORE: &str = "not-before";

/// Public inputs as people and scripts read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicView {
    /// Root of the key registry.
    pub registry_root: String,
    /// The account's commitment, `0x` and 64 digits.
    pub commitment: String,
    /// The mail is not older, in seconds since 1970; 0 says nothing.
    pub not_before: Option<u64>,
    /// The nullifier, `0x` and 64 digits.
    pub nullifier: String,
    /// The Subject, where it is read in clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The command, where the Subject is sealed over it: `0x` and 62 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl PublicView {
    /// Reads the public inputs in the order of the statement.
    ///
    /// # Errors
    ///
    /// [`zkdkim_plonk::Error::InstanceCount`].
    pub fn new(instances: &[Fr]) -> Result<PublicView> {
        let instances: &[Fr; PUBLIC_INPUTS] = instances.try_into().map_err(|_| {
            let (expected, got) = (PUBLIC_INPUTS, instances.len());
            zkdkim_plonk::Error::InstanceCount { expected, got }
        })?;
        Ok(PublicView {
            registry_root: field_hex(&instances[place::REGISTRY_ROOT]),
            commitment: field_hex(&instances[place::EMAIL_COMMITMENT]),
            not_before: to_biguint(&instances[place::NOT_BEFORE]).try_into().ok(),
            nullifier: field_hex(&instances[place::NULLIFIER]),
            subject: packed_subject(instances).unpack(),
            command: packed_subject(instances).command().map(|command| bytes_hex(&command.0)),
        })
    }
}

impl PublicView {
    /// What is public of the Subject, in words.
    pub fn revealed(&self) -> String {
        match (&self.subject, &self.command) {
            (Some(subject), _) => subject.clone(),
            (None, Some(command)) => format!("a Subject sealed over {command}"),
            (None, None) => "words that are no text".into(),
        }
    }
}

fn packed_subject(instances: &[Fr; PUBLIC_INPUTS]) -> PackedSubject {
    PackedSubject(std::array::from_fn(|word| instances[place::SUBJECT + word]))
}

impl Expected {
    /// Compares; returns the names of what was compared and of what was not.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] for the first difference, [`Error::ExpectedSubject`] for a Subject that no mail
    /// can have, [`zkdkim_plonk::Error::InstanceCount`].
    pub fn check(&self, instances: &[Fr]) -> Result<(Vec<&'static str>, Vec<&'static str>)> {
        let view = PublicView::new(instances)?;
        let differs =
            |what, expected: String, got: String| Err(Error::Unexpected { what, expected, got });
        let words = [
            (ROOT, self.root.map(|root| root.0), instances[place::REGISTRY_ROOT]),
            (COMMITMENT, self.commitment.map(|c| c.0), instances[place::EMAIL_COMMITMENT]),
            (NULLIFIER, self.nullifier.map(|n| n.0), instances[place::NULLIFIER]),
        ];
        for (what, expected, got) in words {
            match expected {
                Some(expected) if expected != got => {
                    return differs(what, field_hex(&expected), field_hex(&got));
                }
                _ => {}
            }
        }
        if let Some(subject) = &self.subject {
            let words = PackedSubject::pack(subject.as_bytes())
                .filter(|_| subject.bytes().all(|b| (0x20..=0x7e).contains(&b)))
                .ok_or(Error::ExpectedSubject)?;
            if words.0[..] != instances[place::SUBJECT..] {
                return differs(SUBJECT, subject.clone(), view.revealed());
            }
        }
        if let Some(command) = self.command {
            if PackedSubject::sealed(command).0[..] != instances[place::SUBJECT..] {
                return differs(COMMAND, bytes_hex(&command.0), view.revealed());
            }
        }
        if let Some(min) = self.not_before {
            match view.not_before {
                Some(time) if time != 0 && time >= min => {}
                Some(0) => {
                    let got = "0: the signature carries no time, or none is shown".into();
                    return differs(NOT_BEFORE, format!("at least {min}"), got);
                }
                other => {
                    let got = other.map_or_else(|| "no time".into(), |time| time.to_string());
                    return differs(NOT_BEFORE, format!("at least {min}"), got);
                }
            }
        }
        let all = [
            (ROOT, self.root.is_some()),
            (COMMITMENT, self.commitment.is_some()),
            (SUBJECT, self.subject.is_some()),
            (COMMAND, self.command.is_some()),
            (NULLIFIER, self.nullifier.is_some()),
            (NOT_BEFORE, self.not_before.is_some()),
        ];
        let pick = |wanted| all.iter().filter(|a| a.1 == wanted).map(|a| a.0).collect();
        Ok((pick(true), pick(false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instances() -> Vec<Fr> {
        let mut all = vec![Fr::from(1), Fr::from(2), Fr::from(1_700_000_000), Fr::from(4)];
        all.extend(PackedSubject::pack(b"Recover it").unwrap().0);
        all
    }

    fn differs(expected: Expected) -> &'static str {
        match expected.check(&instances()) {
            Err(Error::Unexpected { what, .. }) => what,
            other => panic!("expected a difference, got {other:?}"),
        }
    }

    #[test]
    fn compares_what_is_given_and_names_the_rest() {
        let (checked, unchecked) = Expected::default().check(&instances()).unwrap();
        assert!(checked.is_empty());
        assert_eq!(unchecked.len(), 6);
        let all = Expected {
            root: Some(RegistryRoot(Fr::from(1))),
            commitment: Some(EmailCommitment(Fr::from(2))),
            nullifier: Some(Nullifier(Fr::from(4))),
            subject: Some("Recover it".into()),
            command: None,
            not_before: Some(1_700_000_000),
        };
        let (checked, unchecked) = all.check(&instances()).unwrap();
        assert_eq!(checked.len(), 5);
        assert_eq!(unchecked, [COMMAND], "a Subject has one reading");
    }

    #[test]
    fn finds_every_difference() {
        let root = Some(RegistryRoot(Fr::from(9)));
        assert_eq!(differs(Expected { root, ..Default::default() }), ROOT);
        let commitment = Some(EmailCommitment(Fr::from(9)));
        assert_eq!(differs(Expected { commitment, ..Default::default() }), COMMITMENT);
        let nullifier = Some(Nullifier(Fr::from(9)));
        assert_eq!(differs(Expected { nullifier, ..Default::default() }), NULLIFIER);
        for subject in ["Recover i", "Recover it ", ""] {
            let subject = Some(subject.into());
            assert_eq!(differs(Expected { subject, ..Default::default() }), SUBJECT);
        }
        let command = Some(CommandHash([0; 31]));
        assert_eq!(differs(Expected { command, ..Default::default() }), COMMAND);
        let not_before = Some(1_700_000_001);
        assert_eq!(differs(Expected { not_before, ..Default::default() }), NOT_BEFORE);
        let expected = Expected { not_before: Some(0), ..Default::default() };
        let mut timeless = instances();
        timeless[2] = Fr::from(0);
        assert!(matches!(expected.check(&timeless), Err(Error::Unexpected { .. })));
        timeless[2] = -Fr::from(1);
        assert!(matches!(expected.check(&timeless), Err(Error::Unexpected { .. })));
        let expected = Expected { subject: Some("\u{e9}".into()), ..Default::default() };
        assert!(matches!(expected.check(&instances()), Err(Error::ExpectedSubject)));
        let command = CommandHash([0xab; 31]);
        let mut sealed = instances();
        sealed[4..].copy_from_slice(&PackedSubject::sealed(command).0);
        let expected = Expected { command: Some(command), ..Default::default() };
        assert_eq!(expected.check(&sealed).unwrap().0, [COMMAND]);
        let view = PublicView::new(&sealed).unwrap();
        assert_eq!((view.subject, view.command), (None, Some(bytes_hex(&[0xab; 31]))));
        let expected = Expected { subject: Some("Recover it".into()), ..Default::default() };
        assert!(matches!(expected.check(&sealed), Err(Error::Unexpected { .. })));
        let short = Expected::default().check(&instances()[1..]);
        assert!(matches!(short, Err(Error::Plonk(_))));
    }
}
