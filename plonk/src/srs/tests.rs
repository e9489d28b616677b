use halo2_proofs::halo2curves::{
    bn256::{G1, G2},
    group::Curve,
};

use super::*;

const K: u32 = 6;
const FOLD: usize = 3;

fn unlisted() -> SrsKind {
    SrsKind::UnlistedCeremony { blake2b512: "00".repeat(64), sha256: "00".repeat(32) }
}

/// Powers of a secret that is nobody's in particular.
fn powers(s: u64) -> (Vec<G1Affine>, G2Affine, G2Affine) {
    let s = Fr::from(s);
    let mut power = G1::generator();
    let mut powers = Vec::new();
    for _ in 0..powers_needed(K, FOLD).unwrap() {
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
        fold: srs.fold() as u32,
        srs_kind: srs.kind().clone(),
        srs_sha256: Sha256Digest::of(payload),
        vk_sha256: Sha256Digest::NONE,
    }
}

#[test]
fn insecure_dev_is_the_same_for_every_number_of_threads() {
    let digest = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Srs::insecure_dev(K, FOLD).unwrap().sha256())
    };
    let one = digest(1);
    assert_eq!(one, digest(2));
    assert_eq!(one, digest(5));
    // Pinned: keys, contracts and fixtures are made from it.
    let pinned = "e3956a26f8067dc81a65bbfdefcfa0003b1fdbb29a97a45b43758a9668edf345";
    assert_eq!(one.to_string(), pinned);
}

#[test]
fn insecure_dev_never_has_a_production_name() {
    assert_eq!(SrsKind::InsecureDev.file_name(14, 8), "insecure-dev-k14-m8.srs");
    let evil = SrsKind::Ceremony { name: "../..".into(), file: "f".into(), blake2b512: "/".into() };
    assert_eq!(evil.file_name(14, 8), "ceremony---k14-m8.srs");
}

#[test]
fn the_development_secret_is_the_same_for_every_size() {
    let (small, large) = (Srs::insecure_dev(K - 2, 1).unwrap(), Srs::insecure_dev(K, 16).unwrap());
    assert_eq!(small.bases().tau_g2(), large.bases().tau_g2());
    let powers = small.bases().powers();
    assert_eq!(powers, &large.bases().powers()[..powers.len()]);
}

#[test]
fn sizes_outside_the_range_are_refused() {
    for (k, fold) in [(0, 1), (MAX_K + 1, 1), (K, 0), (K, 17)] {
        assert_eq!(failed(Srs::insecure_dev(k, fold)), SrsCheck::Size, "k = {k}, fold {fold}");
        assert!(powers_needed(k, fold).is_err());
    }
    // Four parts of a quotient, however few polynomials share a commitment.
    assert_eq!(powers_needed(K, 1).unwrap(), 4 << K);
    assert_eq!(powers_needed(K, 9).unwrap(), 9 << K);
}

#[test]
fn debug_shows_origin_size_and_digest() {
    let srs = Srs::insecure_dev(K, FOLD).unwrap();
    let shown = format!("{srs:?}");
    assert!(shown.contains("InsecureDev") && shown.contains("k: 6"), "{shown}");
    assert!(shown.contains(&srs.sha256().to_string()[..8]), "{shown}");
}

#[test]
fn accepts_what_it_wrote() {
    let (g1, g2, s_g2) = powers(7_000_001);
    let srs = Srs::from_powers(K, FOLD, g1, g2, s_g2, unlisted()).unwrap();
    let file = srs.to_container().unwrap().into_bytes();
    let container = Container::from_bytes(file, ContainerKind::Srs).unwrap();
    let again = Srs::from_container(&container).unwrap();
    assert_eq!(again.kind(), &unlisted());
    assert_eq!(again.sha256(), srs.sha256());
    assert_eq!(again.bases(), srs.bases());
}

#[test]
fn rejects_powers_that_are_none() {
    let (good, g2, s_g2) = powers(11);
    for at in [1, 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] = (bad[at] * Fr::from(2)).to_affine();
        let result = Srs::from_powers(K, FOLD, bad, g2, s_g2, unlisted());
        assert_eq!(failed(result), SrsCheck::Powers, "power {at}");
    }
    let mut bad = good.clone();
    bad[0] = bad[1];
    assert_eq!(failed(Srs::from_powers(K, FOLD, bad, g2, s_g2, unlisted())), SrsCheck::Generator);
    let other = (G2::generator() * Fr::from(12)).to_affine();
    let result = Srs::from_powers(K, FOLD, good.clone(), g2, other, unlisted());
    assert_eq!(failed(result), SrsCheck::Powers);
    let result = Srs::from_powers(K, FOLD, good.clone(), s_g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::Generator);
    let result = Srs::from_powers(K, FOLD, good[1..].to_vec(), g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::Size);
}

#[test]
fn rejects_known_secrets() {
    let (g1, g2, s_g2) = powers(1);
    assert_eq!(failed(Srs::from_powers(K, FOLD, g1, g2, s_g2, unlisted())), SrsCheck::KnownSecret);

    let dev = Srs::insecure_dev(K, FOLD).unwrap();
    let parts =
        |bases: &folded::Srs| (bases.powers().to_vec(), G2Affine::generator(), *bases.tau_g2());
    let (g1, g2, s_g2) = parts(dev.bases());
    let result = Srs::from_powers(K, FOLD, g1, g2, s_g2, unlisted());
    assert_eq!(failed(result), SrsCheck::KnownSecret, "the development SRS under another label");

    let (g1, g2, s_g2) = powers(13);
    let result = Srs::from_powers(K, FOLD, g1, g2, s_g2, SrsKind::InsecureDev);
    assert_eq!(failed(result), SrsCheck::KnownSecret, "another SRS under the development label");

    let zero_seed = Fr::random(ChaCha20Rng::from_seed([0; 32]));
    let zero_seed = folded::Srs::insecure_from_secret(K, FOLD, DEGREE, zero_seed).unwrap();
    let (g1, g2, s_g2) = parts(&zero_seed);
    let result = Srs::from_powers(K, FOLD, g1, g2, s_g2, unlisted());
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
    assert_eq!(failed(Srs::from_powers(K, FOLD, g1, g2, outside, unlisted())), SrsCheck::Subgroup);
}

#[test]
fn rejects_files_whose_digests_are_right_and_whose_points_are_not() {
    let srs = Srs::insecure_dev(K, FOLD).unwrap();
    let good = srs.bases().to_bytes();
    let powers = powers_needed(K, FOLD).unwrap();
    // Magic, k, fold, number of powers; [s] in G2; powers, folded bases.
    let g2 = 20;
    let power = |i: usize| g2 + G2_BYTES + i * G1_BYTES;
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut payload = good.clone();
        change(&mut payload);
        failed(reread(&header_of(&srs, &payload), &payload))
    };
    assert!(reread(&header_of(&srs, &good), &good).is_ok());
    assert_eq!(with(&|p| p[power(3)] ^= 1), SrsCheck::Curve);
    assert_eq!(with(&|p| p[power(5)..power(6)].fill(0)), SrsCheck::Curve, "infinity");
    assert_eq!(with(&|p| p[power(1)..power(1) + 32].fill(0xff)), SrsCheck::Curve, "≥ q");
    assert_eq!(with(&|p| p.copy_within(power(1)..power(2), power(0))), SrsCheck::Generator);
    let swap = |p: &mut Vec<u8>, a: usize, b: usize| {
        let first = p[a..a + G1_BYTES].to_vec();
        p.copy_within(b..b + G1_BYTES, a);
        p[b..b + G1_BYTES].copy_from_slice(&first);
    };
    assert_eq!(with(&|p| swap(p, power(1), power(2))), SrsCheck::Powers);
    for i in [0, FOLD << K >> 1, (FOLD << K) - 2] {
        let base = power(powers + i);
        assert_eq!(with(&|p| swap(p, base, base + G1_BYTES)), SrsCheck::Lagrange, "base {i}");
    }
    assert_eq!(with(&|p| p[g2] ^= 1), SrsCheck::Curve, "G2");
    assert_eq!(with(&|p| p.truncate(p.len() - 1)), SrsCheck::Curve);
    assert_eq!(with(&|p| p.push(0)), SrsCheck::Curve);

    let mut header = header_of(&srs, &good);
    header.k = 40;
    assert_eq!(failed(reread(&header, &good)), SrsCheck::Size);
    header.k = K + 1;
    assert_eq!(failed(reread(&header, &good)), SrsCheck::Size);
    header.k = K;
    header.fold = FOLD as u32 + 1;
    assert_eq!(failed(reread(&header, &good)), SrsCheck::Size);
    header.fold = FOLD as u32;
    header.srs_kind = unlisted();
    assert_eq!(failed(reread(&header, &good)), SrsCheck::KnownSecret, "relabelled");
    header.srs_kind = SrsKind::InsecureDev;
    header.srs_sha256 = Sha256Digest::NONE;
    assert!(matches!(reread(&header, &good), Err(Error::WrongSrs { .. })));
}

#[test]
fn a_known_payload_is_read_by_its_digest_alone() {
    let srs = Srs::insecure_dev(K, FOLD).unwrap();
    let container = |payload: &[u8]| {
        let file = EncodedContainer::new(&header_of(&srs, payload), payload.to_vec()).unwrap();
        Container::from_bytes(file.into_bytes(), ContainerKind::Srs).unwrap()
    };
    let good = srs.bases().to_bytes();
    let known = Srs::from_known_container(container(&good), srs.sha256()).unwrap();
    assert_eq!(known.bases(), srs.bases());
    // Two bases exchanged: a valid container of another payload.
    let mut bad = good.clone();
    let last = bad.len() - 2 * G1_BYTES;
    bad[last..].rotate_left(G1_BYTES);
    let error = Srs::from_known_container(container(&bad), srs.sha256()).unwrap_err();
    assert!(matches!(error, Error::WrongSrs { .. }), "{error}");
}
