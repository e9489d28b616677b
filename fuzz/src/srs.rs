//! An SRS file, as it is and packed anew with right digests.

use zkdkim_plonk::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    kinds::{ContainerKind, SrsKind},
    srs::Srs,
};

/// With an even first byte the rest is a file, otherwise it is the payload of one.
pub fn run(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let file = match first % 2 {
        0 => rest.to_vec(),
        _ => pack(*first, rest),
    };
    let Ok(container) = Container::from_bytes(file, ContainerKind::Srs) else { return false };
    let Ok(srs) = Srs::from_container(&container) else { return false };
    let header = container.header();
    assert_eq!((srs.k(), srs.fold() as u32), (header.k, header.fold));
    assert_eq!(srs.kind(), &header.srs_kind);
    assert_eq!(srs.sha256(), container.payload_sha256());
    true
}

fn pack(first: u8, payload: &[u8]) -> Vec<u8> {
    let digits = |byte: u8| format!("{byte:02x}").repeat(32);
    let srs_kind = match first >> 4 {
        0..=7 => SrsKind::InsecureDev,
        8..=11 => {
            SrsKind::UnlistedCeremony { blake2b512: digits(first).repeat(2), sha256: digits(first) }
        }
        _ => SrsKind::Ceremony {
            name: "none".into(),
            file: "none.ptau".into(),
            blake2b512: digits(first).repeat(2),
        },
    };
    let header = ContainerHeader {
        kind: ContainerKind::Srs,
        circuit: String::new(),
        k: u32::from(first >> 1 & 7),
        fold: 1 + u32::from(first >> 2 & 3),
        srs_kind,
        srs_sha256: Sha256Digest::of(payload),
        vk_sha256: Sha256Digest::NONE,
    };
    EncodedContainer::new(&header, payload.to_vec()).expect("a short header").into_bytes()
}
