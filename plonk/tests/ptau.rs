//! Import of `.ptau` files that snarkjs itself made (`tests/ptau/make.sh`), and of damaged ones.

use sha2::{Digest, Sha256};
use zkdkim_plonk::halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
    group::Curve,
    serde::SerdeObject,
};
use zkdkim_plonk::{
    kinds::{PtauCheck, SrsCheck, SrsKind},
    srs::{ptau, Srs},
    Error,
};

/// Power 8, one contribution: the sections 1 to 7.
const CONTRIBUTED: &[u8] = include_bytes!("ptau/pot08_contributed.ptau");
/// Power 6, prepared for phase 2: the sections 12 to 15 as well.
const PREPARED: &[u8] = include_bytes!("ptau/pot06_prepared.ptau");
/// Power 4, before any contribution.
const SECRET_IS_ONE: &[u8] = include_bytes!("ptau/pot04_secret_is_one.ptau");

/// With four powers for each row.
fn import(bytes: &[u8], k: u32) -> Result<Srs, Error> {
    ptau::import(bytes, bytes.len() as u64, k, FOLD, &|_| None, &mut |_, _| {})
}

/// Polynomials in a commitment.
const FOLD: usize = 2;

fn refused(bytes: &[u8]) -> PtauCheck {
    match import(bytes, 3) {
        Err(Error::Ptau { check, .. }) => check,
        other => panic!("expected a refused .ptau file, got {other:?}"),
    }
}

fn refused_srs(bytes: &[u8]) -> SrsCheck {
    match import(bytes, 4) {
        Err(Error::Srs { check, .. }) => check,
        other => panic!("expected a refused SRS, got {other:?}"),
    }
}

/// Place of the length field of the section `kind`, of its content, and of its end.
fn section(bytes: &[u8], kind: u32) -> (usize, usize, usize) {
    let mut at = 12;
    loop {
        let found = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let len = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
        if found == kind {
            return (at + 4, at + 12, at + 12 + len);
        }
        at += 12 + len;
    }
}

#[test]
fn accepts_files_made_by_snarkjs() {
    for (bytes, power) in [(CONTRIBUTED, 8), (PREPARED, 6)] {
        for k in [1, power - 3, power - 2] {
            let srs = import(bytes, k).unwrap();
            assert_eq!(srs.k(), k);
            let SrsKind::UnlistedCeremony { blake2b512, sha256 } = srs.kind() else {
                panic!("a fixture is not listed");
            };
            assert_eq!(*sha256, hex::encode(Sha256::digest(bytes)));
            assert_eq!(*blake2b512, blake2b_simd::blake2b(bytes).to_hex().as_str());
        }
        // Four powers for each row; a section has one point less than twice 2^power.
        let error = import(bytes, power - 1).unwrap_err();
        assert!(matches!(error, Error::Ptau { check: PtauCheck::Power, .. }), "{error}");
    }
}

#[test]
fn the_powers_are_those_of_snarkjs_lagrange_basis() {
    // Section 12 holds the bases for 2^0, 2^1, …, so that of 2^k begins at point 2^k − 1.
    let (_, start, _) = section(PREPARED, 12);
    let k = 6;
    let srs = import(PREPARED, 4).unwrap();
    let n = 1usize << k;
    let theirs: Vec<G1Affine> = (n - 1..2 * n - 1)
        .map(|i| start + 64 * i)
        .map(|at| G1Affine::from_raw_bytes(&PREPARED[at..at + 64]).unwrap())
        .collect();
    // The same polynomial, by values over their basis and by coefficients over our powers: x.
    // snarkjs takes its root of unity from the smallest non-residue, 5; halo2curves another one.
    let odd_part = ((-Fr::ONE) * Fr::from(2).pow([28]).invert().unwrap()).to_repr();
    let odd_part: Vec<u64> =
        odd_part.chunks(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect();
    let omega = Fr::from(5).pow(odd_part).pow([1 << (28 - k)]);
    let values: Vec<Fr> = (0..n as u64).map(|i| omega.pow([i])).collect();
    let commitment = zkdkim_plonk::arithmetic::best_multiexp(&values, &theirs).to_affine();
    assert_eq!(commitment, srs.bases().powers()[1]);
}

#[test]
fn a_listed_file_has_its_ceremonys_name_and_power() {
    let digest = blake2b_simd::blake2b(CONTRIBUTED).to_hex();
    let listed = |power| {
        let find = move |blake2b512: &str| {
            let (name, file) = ("test".into(), "pot.ptau".into());
            (blake2b512 == digest.as_str()).then_some(ptau::ListedCeremony { name, file, power })
        };
        ptau::import(CONTRIBUTED, CONTRIBUTED.len() as u64, 5, FOLD, &find, &mut |_, _| {})
    };
    assert!(matches!(listed(8).unwrap().kind(), SrsKind::Ceremony { name, .. } if name == "test"));
    let error = listed(9).unwrap_err();
    assert!(matches!(error, Error::Ptau { check: PtauCheck::Manifest, .. }), "{error}");
}

#[test]
fn rejects_a_secret_that_is_one() {
    let error = import(SECRET_IS_ONE, 2).unwrap_err();
    assert!(matches!(error, Error::Srs { check: SrsCheck::KnownSecret, .. }), "{error}");
}

#[test]
fn rejects_a_larger_k() {
    for k in [8, 22] {
        let error = import(CONTRIBUTED, k).unwrap_err();
        assert!(matches!(error, Error::Ptau { check: PtauCheck::Power, .. }), "{error}");
    }
    for k in [0, 23, u32::MAX] {
        let error = import(CONTRIBUTED, k).unwrap_err();
        assert!(matches!(error, Error::Srs { check: SrsCheck::Size, .. }), "{error}");
    }
}

#[test]
fn rejects_every_kind_of_damage() {
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let with = |damage: Damage<'_>| {
        let mut bytes = PREPARED.to_vec();
        damage(&mut bytes);
        bytes
    };
    let put = |bytes: &mut Vec<u8>, at: usize, word: u32| {
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    };
    let (_, header, header_end) = section(PREPARED, 1);
    let (len2, start2, _) = section(PREPARED, 2);
    let (_, start3, _) = section(PREPARED, 3);
    let (len15, _, end15) = section(PREPARED, 15);
    assert_eq!(end15, PREPARED.len());

    let cases: [(&str, PtauCheck, Damage<'_>); 17] = [
        ("magic", PtauCheck::Magic, &|b| b[0] = b'P'),
        ("empty", PtauCheck::Magic, &|b| b.clear()),
        ("version", PtauCheck::Version, &|b| put(b, 4, 2)),
        ("too many sections", PtauCheck::Section, &|b| put(b, 8, 12)),
        ("fewer sections than content", PtauCheck::TrailingBytes, &|b| put(b, 8, 10)),
        ("no sections", PtauCheck::TrailingBytes, &|b| put(b, 8, 0)),
        ("header not first", PtauCheck::Section, &|b| put(b, header - 12, 7)),
        ("header length", PtauCheck::Header, &|b| b[header - 8] -= 1),
        ("field size", PtauCheck::Prime, &|b| put(b, header, 48)),
        ("prime", PtauCheck::Prime, &|b| b[header + 4] ^= 1),
        ("power 0", PtauCheck::Header, &|b| put(b, header_end - 8, 0)),
        ("power 2^31", PtauCheck::Header, &|b| put(b, header_end - 8, 1 << 31)),
        ("power above ceremony", PtauCheck::Header, &|b| put(b, header_end - 8, 7)),
        ("another power", PtauCheck::SectionLength, &|b| put(b, header_end - 8, 5)),
        ("unknown section", PtauCheck::Section, &|b| put(b, len15 - 4, 9)),
        ("trailing byte", PtauCheck::TrailingBytes, &|b| b.push(0)),
        ("section beyond the file", PtauCheck::Truncated, &|b| put(b, len2 + 4, u32::MAX)),
    ];
    for (name, check, damage) in cases {
        assert_eq!(refused(&with(damage)), check, "{name}");
    }
    let duplicate = with(&|b| put(b, len15 - 4, 14));
    assert_eq!(refused(&duplicate), PtauCheck::Section, "duplicated section");
    let missing = {
        let (len, _, end) = section(CONTRIBUTED, 7);
        let mut bytes = CONTRIBUTED[..len - 4].to_vec();
        assert_eq!(end, CONTRIBUTED.len());
        put(&mut bytes, 8, 6);
        bytes
    };
    assert_eq!(refused(&missing), PtauCheck::Section, "section 7 missing");

    assert_eq!(refused_srs(&with(&|b| b[start2] ^= 1)), SrsCheck::Curve);
    assert_eq!(refused_srs(&with(&|b| b[start2..start2 + 64].fill(0))), SrsCheck::Curve);
    assert_eq!(refused_srs(&with(&|b| b[start3 + 128] ^= 1)), SrsCheck::Curve);
    let first = start2..start2 + 64;
    assert_eq!(
        refused_srs(&with(&|b| b.copy_within(first.clone(), start2 + 64 * 9))),
        SrsCheck::Powers
    );
    assert_eq!(
        refused_srs(&with(&|b| b.copy_within(start2 + 64..start2 + 128, start2))),
        SrsCheck::Generator
    );
    let g2 = start3..start3 + 128;
    assert_eq!(
        refused_srs(&with(&|b| b.copy_within(g2.clone(), start3 + 128))),
        SrsCheck::KnownSecret
    );
    // τ² in place of τ: a point of the group, but not the secret of the powers in G1.
    assert_eq!(
        refused_srs(&with(&|b| b.copy_within(start3 + 256..start3 + 384, start3 + 128))),
        SrsCheck::Powers
    );
}

#[test]
fn rejects_every_truncation() {
    // Every length near a boundary of the format, and a sample of the others.
    let lengths = (0..200).chain((200..PREPARED.len()).step_by(509)).chain([PREPARED.len() - 1]);
    for len in lengths {
        let check = refused(&PREPARED[..len]);
        let expected = if len < 12 { PtauCheck::Magic } else { PtauCheck::Truncated };
        assert_eq!(check, expected, "{len} bytes");
    }
    // A file that becomes shorter or longer while it is read.
    let import =
        |len: u64| ptau::import(PREPARED, len, 4, FOLD, &|_| None, &mut |_, _| {}).unwrap_err();
    let longer = import(PREPARED.len() as u64 + 5);
    assert!(matches!(longer, Error::Ptau { check: PtauCheck::TrailingBytes, .. }), "{longer}");
    let (_, _, end) = section(PREPARED, 14);
    let shorter = import(end as u64);
    assert!(matches!(shorter, Error::Ptau { check: PtauCheck::Truncated, .. }), "{shorter}");
}

#[test]
fn a_reader_that_ends_or_fails_is_told_apart() {
    let len = PREPARED.len() as u64;
    let import = |reader: &mut dyn std::io::Read| {
        ptau::import(reader, len, 4, FOLD, &|_| None, &mut |_, _| {}).unwrap_err()
    };
    for end in [0, 3, 11, 100, PREPARED.len() - 1] {
        let error = import(&mut &PREPARED[..end]);
        assert!(matches!(error, Error::Ptau { check: PtauCheck::Truncated, .. }), "{end}: {error}");
    }
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no disk"))
        }
    }
    assert!(matches!(import(&mut Broken), Error::Read { .. }));
    let error = import(&mut std::io::Read::chain(PREPARED, Broken));
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn no_flipped_bit_panics_and_none_changes_the_kept_points() {
    let good = import(PREPARED, 4).unwrap();
    for at in (0..PREPARED.len()).step_by(389).chain(0..80) {
        let mut bytes = PREPARED.to_vec();
        bytes[at] ^= 1 << (at % 8);
        // A flip outside what is kept changes the digests only; they are recorded.
        if let Ok(srs) = import(&bytes, 4) {
            assert_eq!(srs.sha256(), good.sha256(), "byte {at}");
            assert_ne!(srs.kind(), good.kind(), "byte {at}");
        }
    }
}
