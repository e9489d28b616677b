//! A registry kept true by a list of providers.

use std::sync::OnceLock;

use base64::prelude::{Engine, BASE64_STANDARD};
use zkdkim_dns::{
    providers,
    sync::{sync, Outcome},
    Error,
};
use zkdkim_relation::KeyRegistry;

use super::server::{live, plain, Says};

/// A key record with a modulus of `bits` bits that ends in `last`. Nobody has its key: a registry does not ask for one.
fn record(bits: usize, last: u8) -> String {
    let mut modulus = vec![0x81; bits / 8];
    *modulus.last_mut().unwrap() = last | 1;
    let integer = |bytes: &[u8]| {
        let padded = if bytes[0] & 0x80 != 0 { [&[0], bytes].concat() } else { bytes.to_vec() };
        [&[0x02][..], &length(padded.len()), &padded].concat()
    };
    let key = sequence(&[integer(&modulus), integer(&[1, 0, 1])].concat());
    let algorithm = sequence(&[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0]);
    let bits = [&[0x03][..], &length(key.len() + 1), &[0], &key].concat();
    let info = sequence(&[algorithm, bits].concat());
    format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(info))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    [&[0x30][..], &length(content.len()), content].concat()
}

fn length(len: usize) -> Vec<u8> {
    match len {
        0..128 => vec![len as u8],
        128..256 => vec![0x81, len as u8],
        _ => vec![0x82, (len >> 8) as u8, len as u8],
    }
}

const LIST: &str = "\
a.example, b.example\tyes\ts1\t2048\trelaxed/relaxed\tyes\t\t2026
c.example\tyes\told, new\t2048\trelaxed/relaxed\tyes\t\t2026
d.example\tno\tmail\t1024\trelaxed/relaxed\tyes\t1,024 bits\t2026
e.example\tyes\t?\t2048\trelaxed/relaxed\tyes\t\t2026
f.example\tyes\ts1, s2\t2048\trelaxed/relaxed\tyes\t\t2026
";

/// What the only resolver has.
fn zone(name: &str) -> Vec<String> {
    static RECORDS: OnceLock<[String; 5]> = OnceLock::new();
    let records = RECORDS.get_or_init(|| {
        [record(2048, 1), record(2048, 3), record(2048, 5), record(1024, 7), "v=DKIM1; p=".into()]
    });
    let texts: &[usize] = match name {
        "s1._domainkey.a.example" => &[0],
        "s1._domainkey.b.example" => &[3],
        "old._domainkey.c.example" => &[1],
        "new._domainkey.c.example" => &[2],
        "s1._domainkey.f.example" => &[4],
        _ => &[],
    };
    texts.iter().map(|at| records[*at].clone()).collect()
}

#[test]
fn new_keys_are_added_and_rotations_told() {
    let providers = providers::parse(LIST).unwrap();
    let dns = live(&[plain(Says::ByName(zone))], 1);
    let mut registry = KeyRegistry::new();
    let modulus = |last| {
        zkdkim_relation::key_record::KeyRecord::parse("x", &record(2048, last)).unwrap().modulus
    };
    registry.add("c.example", modulus(3)).unwrap();
    registry.add("c.example", modulus(9)).unwrap();
    registry.add("other.example", modulus(9)).unwrap();
    let report = sync(&mut registry, &providers, &dns);
    let outcome = |domain: &str, selector: &str| {
        let mut items =
            report.items.iter().filter(|i| i.domain == domain && i.selector == selector);
        items.next().unwrap().outcome.clone()
    };
    assert_eq!(outcome("a.example", "s1"), Outcome::Added { slot: 3, beside: vec![] });
    assert_eq!(outcome("c.example", "old"), Outcome::Present { slot: 0 });
    assert_eq!(outcome("c.example", "new"), Outcome::Added { slot: 4, beside: vec![0, 1] });
    assert!(
        matches!(outcome("b.example", "s1"), Outcome::Unusable(r) if r.detail.contains("1024-bit"))
    );
    assert!(
        matches!(outcome("f.example", "s1"), Outcome::Unusable(r) if r.detail.contains("revoked"))
    );
    assert_eq!(outcome("f.example", "s2"), Outcome::Absent);
    assert_eq!(report.left_out, ["d.example", "e.example"]);
    // Of c.example the key 9 is shown by no selector; of other.example nothing is known.
    assert_eq!(report.unseen, [(1, "c.example".to_owned())]);
    assert_eq!((report.added(), report.unknown(), registry.used_slots()), (2, 0, 5));
    let again = sync(&mut registry, &providers, &dns);
    assert_eq!((again.added(), registry.used_slots()), (0, 5));
}

#[test]
fn what_is_not_known_changes_nothing() {
    let providers = providers::parse(LIST).unwrap();
    let mut registry = KeyRegistry::new();
    let modulus =
        zkdkim_relation::key_record::KeyRecord::parse("x", &record(2048, 9)).unwrap().modulus;
    registry.add("c.example", modulus).unwrap();
    let before = registry.clone();
    let report = sync(&mut registry, &providers, &live(&[plain(Says::Fails)], 1));
    assert_eq!((report.unknown(), report.added()), (6, 0));
    assert!(report
        .items
        .iter()
        .all(|item| matches!(item.outcome, Outcome::Unknown(Error::NoQuorum { .. }))));
    assert!(
        report.unseen.is_empty(),
        "a key whose selectors were not looked up is not told to be gone"
    );
    assert!(registry == before);
}
