//! What a verifier wants to be proved, compared with what is.
//!
//! A proof that verifies says only that *some* mail of *some* account exists. What it means depends on
//! its public inputs, so whoever verifies says what it expects of them.

use serde::Serialize;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_relation::{
    commitment::to_biguint,
    statement::{place, PUBLIC_INPUTS},
    EmailCommitment, Nullifier, PackedSubject, RegistryRoot,
};

use crate::{
    error::{Error, Result},
    hex_form::field_hex,
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
    /// The whole Subject: printable ASCII, at most 186 bytes.
    pub subject: Option<String>,
    /// The mail must carry a time, and it must not be earlier (seconds since 1970).
    pub min_timestamp: Option<u64>,
}

/// Names of the public inputs.
const ROOT: &str = "registry-root";
const COMMITMENT: &str = "commitment";
const NULLIFIER: &str = "nullifier";
const SUBJECT: &str = "subject";
const TIMESTAMP: &str = "timestamp";

/// Public inputs as people and scripts read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicView {
    /// Root of the key registry.
    pub registry_root: String,
    /// The account's commitment, `0x` and 64 digits.
    pub commitment: String,
    /// Seconds since 1970; 0 where the signature has no time.
    pub timestamp: Option<u64>,
    /// The nullifier, `0x` and 64 digits.
    pub nullifier: String,
    /// The Subject; absent where the words are not text.
    pub subject: Option<String>,
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
            timestamp: to_biguint(&instances[place::TIMESTAMP]).try_into().ok(),
            nullifier: field_hex(&instances[place::NULLIFIER]),
            subject: packed_subject(instances).unpack(),
        })
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
                let got = view.subject.unwrap_or_else(|| "words that are no text".into());
                return differs(SUBJECT, subject.clone(), got);
            }
        }
        if let Some(min) = self.min_timestamp {
            match view.timestamp {
                Some(time) if time != 0 && time >= min => {}
                Some(0) => {
                    let got = "0: the signature carries no time".into();
                    return differs(TIMESTAMP, format!("at least {min}"), got);
                }
                other => {
                    let got = other.map_or_else(|| "no time".into(), |time| time.to_string());
                    return differs(TIMESTAMP, format!("at least {min}"), got);
                }
            }
        }
        let all = [
            (ROOT, self.root.is_some()),
            (COMMITMENT, self.commitment.is_some()),
            (SUBJECT, self.subject.is_some()),
            (NULLIFIER, self.nullifier.is_some()),
            (TIMESTAMP, self.min_timestamp.is_some()),
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
        assert_eq!(unchecked.len(), 5);
        let all = Expected {
            root: Some(RegistryRoot(Fr::from(1))),
            commitment: Some(EmailCommitment(Fr::from(2))),
            nullifier: Some(Nullifier(Fr::from(4))),
            subject: Some("Recover it".into()),
            min_timestamp: Some(1_700_000_000),
        };
        let (checked, unchecked) = all.check(&instances()).unwrap();
        assert_eq!(checked.len(), 5);
        assert!(unchecked.is_empty());
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
        let min_timestamp = Some(1_700_000_001);
        assert_eq!(differs(Expected { min_timestamp, ..Default::default() }), TIMESTAMP);
        let expected = Expected { min_timestamp: Some(0), ..Default::default() };
        let mut timeless = instances();
        timeless[2] = Fr::from(0);
        assert!(matches!(expected.check(&timeless), Err(Error::Unexpected { .. })));
        timeless[2] = -Fr::from(1);
        assert!(matches!(expected.check(&timeless), Err(Error::Unexpected { .. })));
        let expected = Expected { subject: Some("\u{e9}".into()), ..Default::default() };
        assert!(matches!(expected.check(&instances()), Err(Error::ExpectedSubject)));
        let short = Expected::default().check(&instances()[1..]);
        assert!(matches!(short, Err(Error::Plonk(_))));
    }
}
