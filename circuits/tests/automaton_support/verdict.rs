//! What the circuit makes of a header block, by its automaton and its counting rules, and what the
//! hand-written parser makes of it. The two must be equal.

use std::ops::Range;

use zkdkim_circuits::header::automaton::{Automaton, ByteRole};
use zkdkim_relation::header::{
    self, MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES, MAX_HEADER_BYTES, MAX_SUBJECT_BYTES,
    MAX_TIMESTAMP_DIGITS,
};
use zkdkim_relation::Rule;

/// What becomes of a block.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What the statement extracts.
    Accepted {
        /// Bytes of the block that hold the From address.
        address: Range<usize>,
        /// Those behind its `@`.
        domain: Range<usize>,
        /// Bytes of the Subject value; may be empty.
        subject: Range<usize>,
        /// The digits of `t=`.
        time: Option<Range<usize>>,
    },
    /// All is well but that the From domain is not the value of `d=`.
    Misaligned,
    /// Outside the language, or with a value too often, missing or too long.
    Refused,
}

/// What the circuit makes of the emissions: regions are counted, bounded and compared.
pub fn circuit(block: &[u8]) -> Verdict {
    count(block).unwrap_or(Verdict::Refused)
}

fn count(block: &[u8]) -> Option<Verdict> {
    let emissions = Automaton::header().emissions(block)?;
    let regions = |fields: &[ByteRole]| {
        let mut regions: Vec<Range<usize>> = Vec::new();
        for &(field, position, byte) in &emissions {
            assert_eq!(block[position], byte);
            if fields.contains(&field) {
                match regions.last_mut() {
                    Some(region) if region.end == position => region.end += 1,
                    _ => regions.push(position..position + 1),
                }
            }
        }
        regions
    };
    let one = |fields: &[ByteRole], most: usize| match regions(fields).as_slice() {
        [region] => (region.len() <= most).then(|| region.clone()),
        _ => None,
    };
    let at_most_one = |field: ByteRole, most: usize| match regions(&[field]).len() {
        0 => Some(None),
        _ => one(&[field], most).map(Some),
    };
    let marker = |field: ByteRole| {
        let mut found = emissions.iter().filter(|e| e.0 == field);
        found.next().filter(|_| found.next().is_none()).map(|e| e.1)
    };
    if block.len() > MAX_HEADER_BYTES {
        return None;
    }
    let address = one(&[ByteRole::Local, ByteRole::Domain], MAX_ADDRESS_BYTES)?;
    let domain = one(&[ByteRole::Domain], MAX_DOMAIN_BYTES)?;
    assert_eq!(address.end, domain.end);
    let signer = one(&[ByteRole::Signer], usize::MAX)?;
    let after_colon = marker(ByteRole::SubjectMark)? + 1;
    let subject = at_most_one(ByteRole::Subject, MAX_SUBJECT_BYTES)?;
    let subject = subject.unwrap_or(after_colon..after_colon);
    assert_eq!(subject.start, after_colon);
    let time = at_most_one(ByteRole::Time, MAX_TIMESTAMP_DIGITS)?;
    marker(ByteRole::VersionMark)?;
    marker(ByteRole::AlgorithmMark)?;
    marker(ByteRole::CanonMark)?;
    if !block[domain.clone()].eq_ignore_ascii_case(&block[signer]) {
        return Some(Verdict::Misaligned);
    }
    Some(Verdict::Accepted { address, domain, subject, time })
}

/// What the parser says.
pub fn native(block: &[u8]) -> Verdict {
    match header::parse(block) {
        Ok(view) => {
            assert_eq!(view.address, block[view.address_span.clone()].to_ascii_lowercase());
            assert_eq!(view.subject, block[view.subject_span.clone()]);
            let digits = view.timestamp_span.clone().map(|span| block[span].to_vec());
            let digits = String::from_utf8(digits.unwrap_or(b"0".into())).expect("digits");
            assert_eq!(digits.parse(), Ok(view.timestamp));
            Verdict::Accepted {
                address: view.address_span.clone(),
                domain: view.domain_span.clone(),
                subject: view.subject_span.clone(),
                time: view.timestamp_span.clone(),
            }
        }
        // The parser compares the domains last.
        Err(refusal) if refusal.rule == Rule::Alignment => Verdict::Misaligned,
        Err(_) => Verdict::Refused,
    }
}
