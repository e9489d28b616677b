//! A registry file.

use zkdkim_relation::{commitment::leaf, header::MAX_DOMAIN_BYTES, rsa::MODULUS_BITS, KeyRegistry};

/// Entries whose paths are computed: each takes twenty hashes and more.
const PATHS: usize = 2;

/// Reads the file. What is read is written as the same registry, and its paths lead to its root.
pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let Ok(registry) = KeyRegistry::from_json(text) else { return false };
    assert_eq!(KeyRegistry::from_json(&registry.to_json()).as_ref(), Ok(&registry));
    let root = registry.root();
    for (slot, entry) in registry.entries().take(PATHS) {
        let leaf = leaf(entry.domain.as_bytes(), &entry.modulus).expect("a domain that fits");
        assert_eq!(registry.path(slot).expect("a live slot").root(leaf), root);
    }
    for (slot, entry) in registry.entries() {
        assert!(entry.domain.len() <= MAX_DOMAIN_BYTES && entry.domain.is_ascii());
        assert_eq!(entry.modulus.bits(), MODULUS_BITS);
        assert_eq!(registry.find(&entry.domain, &entry.modulus), Some(slot));
    }
    true
}
