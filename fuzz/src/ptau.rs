//! A `.ptau` file.

use zkdkim_plonk::{kinds::SrsKind, srs::ptau};

/// The first byte says for what size, the rest is the file.
pub fn run(data: &[u8]) -> bool {
    let Some((first, file)) = data.split_first() else { return false };
    let (k, fold) = (1 + u32::from(first % 4), 1 + usize::from(first / 4 % 6));
    let Ok(srs) = ptau::import(file, file.len() as u64, k, fold, &|_| None, &mut |_, _| {}) else {
        return false;
    };
    assert_eq!((srs.k(), srs.fold()), (k, fold));
    assert!(matches!(srs.kind(), SrsKind::UnlistedCeremony { .. }), "no small file is listed");
    true
}
