//! A `.ptau` file.

use zkdkim_plonk::{kinds::SrsKind, srs::ptau};

/// The first byte says how many powers are imported, the rest is the file.
pub fn run(data: &[u8]) -> bool {
    let Some((first, file)) = data.split_first() else { return false };
    let k = 1 + u32::from(first % 4);
    let Ok(srs) = ptau::import(file, file.len() as u64, k, &|_| None, &mut |_, _| {}) else {
        return false;
    };
    assert_eq!(srs.k(), k);
    assert!(matches!(srs.kind(), SrsKind::UnlistedCeremony { .. }), "no small file is listed");
    assert_eq!(srs.truncated(1).expect("a smaller one").k(), 1);
    true
}
