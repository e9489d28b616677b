use halo2_proofs::{
    halo2curves::{
        bn256::{G1, G2},
        group::Curve,
    },
    poly::commitment::ParamsProver,
};

use super::*;

const K: u32 = 6;

fn unlisted() -> SrsKind {
    SrsKind::UnlistedCeremony { blake2b512: "00".repeat(64), sha256: "00".repeat(32) }
}

/// Powers of a secret that is nobody's in particular.
fn powers(s: u64) -> (Vec<G1Affine>, G2Affine, G2Affine) {
    let s = Fr::from(s);
    let mut power = G1::generator();
    let mut powers = Vec::new();
    for _ in 0..1 << K {
        powers.push(power.to_affine());
        power *= s;
    }
    (powers, G2Affine::generator(), (G2::generator() * s).to_affine())
}

fn failed(result: Result<Srs>) -> SrsCheck {
    match result {
        Err(Error::Srs { check, .. }) => check,
        other => panic!("expected a refused SRS, got {other:?}"),
    }
}

fn reread(header: &ContainerHeader, payload: &[u8]) -> Result<Srs> {
    let file = EncodedContainer::new(header, payload.to_vec()).unwrap().into_bytes();
    Srs::from_container(&Container::from_bytes(file, ContainerKind::Srs).unwrap())
}

fn header_of(srs: &Srs, payload: &[u8]) -> ContainerHeader {
    ContainerHeader {
        kind: ContainerKind::Srs,
        circuit: String::new(),
        k: srs.k(),
        srs_kind: srs.kind().clone(),
        srs_sha256: Sha256Digest::of(payload),
        vk_sha256: Sha256Digest::NONE,
    }
}

#[test]
fn insecure_dev_is_the_same_for_every_number_of_threads() {
    let digest = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Srs::insecure_dev(K).unwrap().sha256())
    };
    let one = digest(1);
    assert_eq!(one, digest(2));
    assert_eq!(one, digest(5));
    // Pinned: keys, contracts and fixtures are made from it.
    let pinned = "6d8f48ce65c16d15c1a52f4a467adf2f9f5bbd0b82022c9150b03e053c10aa72";
    assert_eq!(one.to_string(), pinned);
}

#[test]
fn insecure_dev_never_has_a_production_name() {
    assert_eq!(SrsKind::InsecureDev.file_name(14), "insecure-dev-k14.srs");
    let evil = SrsKind::Ceremony { name: "../..".into(), file: "f".into(), blake2b512: "/".into() };
    assert_eq!(evil.file_name(14), "ceremony---k14.srs");
}

#[test]
fn a_smaller_srs_is_a_prefix_of_a_larger() {
    let small = Srs::insecure_dev(K - 2).unwrap();
    let cut = Srs::insecure_dev(K).unwrap().truncated(K - 2).unwrap();
    assert_eq!(small.sha256(), cut.sha256());
    assert_eq!(small.params().get_g(), cut.params().get_g());
    assert_eq!(failed(small.truncated(K)), SrsCheck::Size);
    assert_eq!(small.truncated(K - 2).unwrap().sha256(), small.sha256());
}

#[test]
fn debug_shows_origin_size_and_digest() {
    let srs = Srs::insecure_dev(K).unwrap();
    let shown = format!("{srs:?}");
    assert!(shown.contains("InsecureDev") && shown.contains("k: 6"), "{shown}");
    assert!(shown.contains(&srs.sha256().to_string()[..8]), "{shown}");
}

#[test]
fn rejects_a_basis_of_another_length() {
    let srs = Srs::insecure_dev(K).unwrap();
    let (powers, lagrange, ..) = decode(K, &encode(srs.params())).unwrap();
    let (powers, lagrange) = (&powers[..], &lagrange[..]);
    let size = |k, powers: &[G1Affine], lagrange: &[G1Affine]| {
        let refused = check::check_lagrange(k, powers, lagrange);
        assert!(matches!(refused, Err(Error::Srs { check: SrsCheck::Size, .. })), "{refused:?}");
    };
    check::check_lagrange(K, powers, lagrange).unwrap();
    size(K, powers, &lagrange[1..]);
    size(K, &powers[1..], lagrange);
    size(K, &powers[1..], &lagrange[1..]);
    size(K - 1, powers, lagrange);
}

#[test]
fn accepts_what_it_wrote() {
    let (g1, g2, s_g2) = powers(7_000_001);
    let srs = Srs::from_powers(K, g1, g2, s_g2, unlisted()).unwrap();
    let file = srs.to_container().unwrap().into_bytes();
    let container = Container::from_bytes(file, ContainerKind::Srs).unwrap();
    let again = Srs::from_container(&container).unwrap();
    assert_eq!(again.kind(), &unlisted());
    assert_eq!(again.sha256(), srs.sha256());
    assert_eq!(again.params().get_g(), srs.params().get_g());
}

#[test]
fn rejects_powers_that_are_none() {
    let (good, g2, s_g2) = powers(11);
    for at in [1, 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] = (bad[at] * Fr::from(2)).to_affine();
        let result = Srs::from_powers(K, bad, g2, s_g2, unlisted());
        assert_eq!(failed(result), SrsCheck::Powers, "power {at}");
    }
    let mut bad = good.clone();
    bad[0] = bad[1];
    assert_eq!(failed(Srs::from_powers(K, bad, g2, s_g2, unlisted())), SrsCheck::Generator);
    let other = (G2::generator() * Fr::from(12)).to_affine();
    let result = Srs::from_powers(K, good.clone(), g2, other, unlisted());
    assert_eq!(failed(result), SrsCheck::Powers);
    let result = Srs::from_powers(K, good.clone(), s_g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::Generator);
    let result = Srs::from_powers(K, good[1..].to_vec(), g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::Size);
}

#[test]
fn rejects_known_secrets() {
    let (g1, g2, s_g2) = powers(1);
    assert_eq!(failed(Srs::from_powers(K, g1, g2, s_g2, unlisted())), SrsCheck::KnownSecret);

    let dev = Srs::insecure_dev(K).unwrap();
    let parts = |srs: &ParamsKZG<Bn256>| (srs.get_g().to_vec(), srs.g2(), srs.s_g2());
    let (g1, g2, s_g2) = parts(dev.params());
    let result = Srs::from_powers(K, g1, g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::KnownSecret, "the development SRS under another label");

    let (g1, g2, s_g2) = powers(13);
    let result = Srs::from_powers(K, g1, g2, s_g2, SrsKind::InsecureDev);
    assert_eq!(failed(result), SrsCheck::KnownSecret, "another SRS under the development label");

    let zero_seed = ParamsKZG::setup(K, ChaCha20Rng::from_seed([0; 32]));
    let (g1, g2, s_g2) = parts(&zero_seed);
    let result = Srs::from_powers(K, g1, g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::KnownSecret, "halo2-base's zero seed");
}

#[test]
fn rejects_a_point_of_g2_outside_the_subgroup() {
    use halo2_proofs::halo2curves::{
        bn256::Fq2, ff::Field, group::cofactor::CofactorGroup, CurveAffine,
    };
    // A random point of the curve is in the subgroup with probability 2^−254.
    let outside = (1u64..)
        .find_map(|x| {
            let x = Fq2::from(x);
            let y: Option<Fq2> = (x * x * x + G2Affine::b()).sqrt().into();
            y.and_then(|y| Option::<G2Affine>::from(G2Affine::from_xy(x, y)))
        })
        .unwrap();
    assert!(!bool::from(outside.to_curve().is_torsion_free()));
    let (g1, g2, _) = powers(17);
    assert_eq!(failed(Srs::from_powers(K, g1, g2, outside, unlisted())), SrsCheck::Subgroup);
}

#[test]
fn rejects_files_whose_digests_are_right_and_whose_points_are_not() {
    let srs = Srs::insecure_dev(K).unwrap();
    let good = encode(srs.params());
    let n = 1 << K;
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut payload = good.clone();
        change(&mut payload);
        failed(reread(&header_of(&srs, &payload), &payload))
    };
    assert!(reread(&header_of(&srs, &good), &good).is_ok());
    assert_eq!(with(&|p| p[3 * G1_BYTES] ^= 1), SrsCheck::Curve);
    assert_eq!(with(&|p| p[5 * G1_BYTES..6 * G1_BYTES].fill(0)), SrsCheck::Curve, "infinity");
    assert_eq!(with(&|p| p[G1_BYTES..G1_BYTES + 32].fill(0xff)), SrsCheck::Curve, "≥ q");
    assert_eq!(with(&|p| p.copy_within(G1_BYTES..2 * G1_BYTES, 0)), SrsCheck::Generator);
    let swap = |p: &mut Vec<u8>, a: usize, b: usize| {
        let first = p[a..a + G1_BYTES].to_vec();
        p.copy_within(b..b + G1_BYTES, a);
        p[b..b + G1_BYTES].copy_from_slice(&first);
    };
    assert_eq!(with(&|p| swap(p, G1_BYTES, 2 * G1_BYTES)), SrsCheck::Powers);
    let lagrange = n * G1_BYTES;
    assert_eq!(with(&|p| swap(p, lagrange, lagrange + G1_BYTES)), SrsCheck::Lagrange);
    assert_eq!(with(&|p| p[2 * lagrange] ^= 1), SrsCheck::Curve, "G2");
    assert_eq!(with(&|p| p.truncate(p.len() - 1)), SrsCheck::Size);
    assert_eq!(with(&|p| p.push(0)), SrsCheck::Size);

    let mut header = header_of(&srs, &good);
    header.k = 40;
    assert_eq!(failed(reread(&header, &good)), SrsCheck::Size);
    header.k = K + 1;
    assert_eq!(failed(reread(&header, &good)), SrsCheck::Size);
    header.k = K;
    header.srs_kind = unlisted();
    assert_eq!(failed(reread(&header, &good)), SrsCheck::KnownSecret, "relabelled");
    header.srs_kind = SrsKind::InsecureDev;
    header.srs_sha256 = Sha256Digest::NONE;
    assert!(matches!(reread(&header, &good), Err(Error::WrongSrs { .. })));
}
