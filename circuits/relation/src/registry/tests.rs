//! Tests of the key registry.

use super::*;

fn modulus(n: u32) -> BigUint {
    (BigUint::from(1u32) << 2047u32) + (2 * n + 1)
}

fn registry(count: u32) -> KeyRegistry {
    let mut registry = KeyRegistry::new();
    for n in 0..count {
        assert_eq!(registry.add(&format!("d{}.org", n / 2), modulus(n)), Ok(n));
    }
    registry
}

/// The tree as its definition says, over a small number of leaves and the known empty rest.
fn root_by_definition(leaves: &[Fr]) -> Fr {
    let mut level = leaves.to_vec();
    level.resize(leaves.len().next_power_of_two(), Fr::ZERO);
    let mut height = 0;
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| hash2(pair[0], pair[1])).collect();
        height += 1;
    }
    let mut node = level[0];
    let mut empty = Fr::ZERO;
    for _ in 0..height {
        empty = hash2(empty, empty);
    }
    for _ in height..DEPTH {
        node = hash2(node, empty);
        empty = hash2(empty, empty);
    }
    node
}

#[test]
fn roots_and_paths_agree_with_the_definition() {
    assert_eq!(KeyRegistry::new().root().0, empty_subtrees()[DEPTH]);
    for count in [1, 2, 3, 7, 8, 9] {
        let registry = registry(count);
        let root = registry.root();
        assert_eq!(root.0, root_by_definition(&registry.leaves()), "{count}");
        for (slot, entry) in registry.entries() {
            let path = registry.path(slot).unwrap();
            let leaf = leaf(entry.domain.as_bytes(), &entry.modulus).unwrap();
            assert_eq!(path.root(leaf), root);
            assert_ne!(path.root(leaf + Fr::ONE), root);
        }
    }
}

#[test]
fn removal_empties_the_slot_for_ever() {
    let mut registry = registry(3);
    let before = registry.root();
    assert_eq!(registry.remove(1).unwrap().modulus, modulus(1));
    assert_eq!(registry.leaves()[1], Fr::ZERO);
    assert_ne!(registry.root(), before);
    assert_eq!(registry.remove(1), Err(RegistryError::NoEntry(1)));
    assert_eq!(registry.path(1), Err(RegistryError::NoEntry(1)));
    assert_eq!(registry.remove(3), Err(RegistryError::NoEntry(3)));
    assert_eq!(registry.add("d0.org", modulus(1)), Ok(3));
    assert_eq!(registry.keys_of("d0.org").count(), 2);
    assert_eq!(registry.used_slots(), 4);
}

#[test]
fn rejects_entries_that_no_proof_can_use() {
    let mut registry = registry(1);
    for domain in ["", "org", "-a.org", "a.org.", "a..org", "a_b.org", "é.org", "a.org\n"] {
        assert!(matches!(registry.add(domain, modulus(9)), Err(RegistryError::Domain(_))));
    }
    let long = format!("{}.org", "d".repeat(59));
    assert!(matches!(registry.add(&long, modulus(9)), Err(RegistryError::Domain(_))));
    let small = modulus(0) >> 1u32;
    assert_eq!(registry.add("b.org", small), Err(RegistryError::KeySize(2047)));
    assert_eq!(registry.add("b.org", modulus(9) - 1u32), Err(RegistryError::EvenModulus));
    let even = KeyRegistry::from_json(
        &registry
            .to_json()
            .replace(&modulus(0).to_str_radix(16), &(modulus(0) - 1u32).to_str_radix(16)),
    );
    assert_eq!(even, Err(RegistryError::EvenModulus));
    let duplicate = Err(RegistryError::Duplicate("d0.org".into(), 0));
    assert_eq!(registry.add("D0.ORG", modulus(0)), duplicate);
}

#[test]
fn the_file_form_round_trips() {
    let mut registry = registry(3);
    registry.remove(1).unwrap();
    let text = registry.to_json();
    assert_eq!(KeyRegistry::from_json(&text), Ok(registry));
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"depth\": 20", "\"depth\": 19"),
        ("zkdkim-key-registry", "other"),
        ("\"depth\"", "\"more\": 1, \"depth\""),
        ("0x8", "8"),
        ("0x8", "0x0"),
        ("0x8", "0xg"),
        ("0x8", "0x88"),
        ("d0.org", "D0.org"),
        ("d1.org", "d1"),
        ("}\n", "}}\n"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(KeyRegistry::from_json(&changed).is_err(), "{from} -> {to}");
    }
    // A number that is too long is refused unread.
    let long = KeyRegistry::from_json(&text.replacen("0x8", "0x88", 1));
    assert!(matches!(long, Err(RegistryError::File(_))), "{long:?}");
    for end in 0..text.len() - 2 {
        assert!(KeyRegistry::from_json(&text[..end]).is_err());
    }
}

#[test]
fn a_file_with_a_duplicate_is_refused() {
    let text = registry(1).to_json();
    let slot = &text[text.find('{').unwrap() + 1..];
    let entry = &slot[slot.find('{').unwrap()..=slot.find('}').unwrap()];
    let doubled = text.replace(entry, &format!("{entry}, {entry}"));
    assert_eq!(KeyRegistry::from_json(&doubled), Err(RegistryError::Duplicate("d0.org".into(), 0)));
}

#[test]
fn a_flood_of_slots_is_refused_before_it_is_read() {
    let file = |slots: usize, end: &str| {
        let slots = vec!["null"; slots].join(",");
        let head = format!("\"type\":\"{FILE_TYPE}\",\"version\":1,\"depth\":20");
        KeyRegistry::from_json(&format!("{{{head},\"slots\":[{slots}{end}"))
    };
    assert_eq!(file(CAPACITY, "]}").map(|registry| registry.used_slots()), Ok(CAPACITY));
    // What stands behind the slot too many is not looked at.
    let refused = file(CAPACITY + 1, ", nonsense").unwrap_err().to_string();
    assert!(refused.contains("1048577, expected a list of at most 1048576 slots"), "{refused}");
}
