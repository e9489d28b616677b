//! One signature of a message, against every rule that concerns it.

use super::body::{Bodies, BodyState};
use super::report::{Note, NoteId, Report};
use super::work::Work;
use super::{KeySource, Provable, CLOCK_SKEW_SECONDS};
use crate::canon::Canonicalisation;
use crate::dkim::{key_name, place_in_message, Signature, SignatureField, SignedHeader};
use crate::header::{self, HeaderView};
use crate::message::Message;
use crate::refusal::{Part, Place, Refusal, Rule};
use crate::rsa;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

pub(super) struct Candidate<'a> {
    pub(super) message: &'a Message,
    pub(super) keys: KeySource<'a>,
    pub(super) clock: Option<u64>,
    pub(super) from: Option<&'a [u8]>,
    pub(super) bodies: Bodies<'a>,
    pub(super) work: Work,
}

impl Candidate<'_> {
    pub(super) fn check(
        &self,
        field: usize,
        index: usize,
        report: &mut Report,
    ) -> Option<Provable> {
        let field = match SignatureField::read(self.message, field) {
            Ok(field) => field,
            Err(refusal) => {
                report.fail(refusal);
                return None;
            }
        };
        if let Some(from) = self.from {
            let signing = field.domain();
            let place = self.message.fields()[field.field].place();
            let bad = (signing != from).then(|| header::misaligned(from, &[signing], place));
            report.record(Rule::Alignment, bad);
        }
        let header = field.signed_header(self.message);
        self.work.take_header(self.message.fields(), header.bytes.len());
        let view = self.check_block(&header, report);
        let signature = match Signature::check(self.message, &field) {
            Ok(signature) => signature,
            Err(faults) => {
                faults.into_iter().for_each(|fault| report.fail(fault));
                report.pass_between(Rule::TagList, Rule::SignedFields);
                return None;
            }
        };
        report.record(Rule::Timestamp, self.check_times(&field, &signature));
        report.pass_between(Rule::SigningDomain, Rule::SignedFields);
        self.check_body(&field, &signature, report);
        let value = self.signature_value(&field, report);
        let modulus = self.check_keys(&field, &signature, &header, value.as_ref(), report)?;
        Some(Provable {
            view: view?,
            header,
            signature: value?,
            modulus,
            domain: signature.domain,
            selector: signature.selector,
            signature_index: index,
        })
    }

    fn check_block(&self, header: &SignedHeader, report: &mut Report) -> Option<HeaderView> {
        match header::parse(&header.bytes) {
            Ok(view) => {
                report.pass_between(Rule::HeaderLength, Rule::SubjectText);
                Some(view)
            }
            Err(mut refusal) => {
                refusal.place = place_in_message(header, self.message, refusal.place);
                if refusal.rule != Rule::HeaderLength {
                    report.record(Rule::HeaderLength, None);
                }
                report.fail(refusal);
                None
            }
        }
    }

    fn check_times(&self, field: &SignatureField, signature: &Signature) -> Option<Refusal> {
        let place = |tag: &str| {
            let place = self.message.fields()[field.field].place();
            place.at(field.tags.get(tag).map_or(0, |tag| tag.name_at))
        };
        let time = signature.timestamp?;
        if let Some(expiry) = signature.expiry.filter(|expiry| *expiry <= time) {
            let detail = format!("it expires (x={expiry}) before it was made (t={time})");
            return Some(Refusal::new(Rule::Timestamp, place("x"), detail));
        }
        if self.clock.is_some_and(|now| time > now.saturating_add(CLOCK_SKEW_SECONDS)) {
            let detail = format!("t={time} lies in the future");
            return Some(
                Refusal::new(Rule::Timestamp, place("t"), detail)
                    .hint("check the clock of this machine"),
            );
        }
        None
    }

    fn check_body(&self, field: &SignatureField, signature: &Signature, report: &mut Report) {
        match self.bodies.state(signature.body_canonicalisation, &signature.body_hash) {
            BodyState::Same => return report.record(Rule::BodyHash, None),
            BodyState::Quoted => {
                let detail = "the body is the one that was signed, but for the '>' that an mbox \
                              puts before lines that begin with \"From \"";
                report.note(Some(Note::new(NoteId::MboxQuoting, detail, "")));
                return report.record(Rule::BodyHash, None);
            }
            BodyState::Changed => {}
        }
        let body = self.bodies.as_bytes();
        let hint = match signature.body_canonicalisation {
            _ if has_bare_line_end(body) => {
                "the body mixes line ends; save the message with one kind throughout"
            }
            _ if body.is_empty() => {
                "the file holds the header alone; download the whole original (\"show original\", \
                 \"download\")"
            }
            Canonicalisation::Simple | Canonicalisation::Relaxed => REWRITTEN,
        };
        let place = self.message.fields()[field.field].place();
        report.apart(
            Refusal::new(Rule::BodyHash, place, "the body is not the one that was signed")
                .hint(hint),
        );
    }

    fn signature_value(&self, field: &SignatureField, report: &mut Report) -> Option<BigUint> {
        let bytes = field.signature_bytes();
        let mut refusal = match bytes.as_deref().map(rsa::signature_from_bytes) {
            Some(Ok(value)) => return Some(value),
            Some(Err(refusal)) => refusal,
            None => Refusal::new(
                Rule::SignatureEncoding,
                Place::part(Part::Message),
                "b= is missing or not base64",
            ),
        };
        let at = field.tags.get("b").map_or(0, |tag| tag.name_at);
        refusal.place = self.message.fields()[field.field].place().at(at);
        report.fail(refusal);
        None
    }

    /// Tries the keys in order; without one that verifies, reports what the first was refused for.
    fn check_keys(
        &self,
        field: &SignatureField,
        signature: &Signature,
        header: &SignedHeader,
        value: Option<&BigUint>,
        report: &mut Report,
    ) -> Option<BigUint> {
        let digest: [u8; 32] = Sha256::digest(&header.bytes).into();
        let mut first = None;
        let keys = self.keys.moduli(signature);
        let count = keys.len();
        for (tried, key) in keys.into_iter().enumerate() {
            if value.is_some() && key.is_ok() && !self.work.take_power() {
                report.fail(out_of_work(signature, tried, count));
                return None;
            }
            let outcome = key.and_then(|modulus| match value {
                Some(value) => rsa::verify(&digest, value, &modulus).map(|()| Some(modulus)),
                None => Ok(None),
            });
            match outcome {
                Ok(modulus) => {
                    report.pass_between(Rule::KeyRecord, Rule::KeyExponent);
                    if modulus.is_some() {
                        report.record(Rule::SignatureEncoding, None);
                        report.record(Rule::RsaSignature, None);
                    }
                    return modulus;
                }
                // A wrong key among several says less than a good key that does not fit.
                Err(refusal) => {
                    first = first.filter(|f: &Refusal| f.rule >= refusal.rule).or(Some(refusal));
                }
            }
        }
        let mut refusal = first?;
        if let (Rule::RsaSignature, KeySource::Registry(_)) = (refusal.rule, self.keys) {
            refusal = no_key_fits(signature, count);
        }
        if refusal.place.part == Part::Input {
            let at = field.tags.get("b").map_or(0, |tag| tag.name_at);
            refusal.place = self.message.fields()[field.field].place().at(at);
        }
        // Of a key's rules the exponent is the last: the others hold.
        if refusal.rule >= Rule::KeyExponent {
            report.pass_between(Rule::KeyRecord, Rule::KeyExponent);
        }
        if refusal.rule == Rule::RsaSignature {
            report.record(Rule::SignatureEncoding, None);
        }
        report.fail(refusal);
        None
    }
}

/// Where a mail survives as it came, for the sender's next try.
const REWRITTEN: &str = "the copy was edited, or the mailbox rewrites bodies (outlook.com, Proton's \
                         export): send the mail again to a mailbox that keeps it as it came (Gmail, \
                         Fastmail: \"show original\", download), or straight to the relayer";

/// The registry knows no selectors: a key that is missing looks like a message that was changed.
fn no_key_fits(signature: &Signature, count: usize) -> Refusal {
    let name = key_name(&signature.selector, &signature.domain);
    let detail = match count {
        1 => format!(
            "the signature does not fit the one key of {} in the registry",
            signature.domain
        ),
        _ => format!(
            "the signature fits none of the {count} keys of {} in the registry",
            signature.domain
        ),
    };
    Refusal::new(Rule::RsaSignature, Place::part(Part::Input), detail).hint(format!(
        "the registry lacks the key of this selector (add the TXT record of {name}), or the message was \
         changed after signing (take the original from the mailbox)"
    ))
}

fn out_of_work(signature: &Signature, tried: usize, count: usize) -> Refusal {
    let place = Place::key_record(key_name(&signature.selector, &signature.domain));
    let detail = format!(
        "{tried} of {count} keys of {} were tried, and none fits: the limit of RSA operations for \
         one message was hit",
        signature.domain
    );
    Refusal::new(Rule::KeyRecord, place, detail).hint(
        "remove the DKIM-Signature fields that do not belong to the mail, and the keys that the \
             domain no longer has",
    )
}

fn has_bare_line_end(body: &[u8]) -> bool {
    let bare = |i: usize| match body[i] {
        b'\n' => i == 0 || body[i - 1] != b'\r',
        b'\r' => body.get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..body.len()).any(bare)
}
