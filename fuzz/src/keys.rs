//! Files of verifying keys: as they are, and changed and packed anew with right digests.

use std::sync::OnceLock;

use zkdkim_plonk::{
    container::{Container, EncodedContainer},
    digest::Sha256Digest,
    keys::VerifierKey,
    kinds::ContainerKind,
    verify::verify,
};

use crate::{
    edits,
    small::{fixture, Params, ProductAndSum},
};

const KIND: ContainerKind = ContainerKind::VerifyingKey;

/// The artefact of the honest key.
fn honest() -> &'static Container {
    static FILE: OnceLock<Container> = OnceLock::new();
    FILE.get_or_init(|| {
        let file = fixture().key.verifier().to_container().expect("a short header");
        Container::from_bytes(file.into_bytes(), KIND).expect("a key file")
    })
}

/// Makes what every run needs, so that the first run is not the slow one.
pub fn prepare() {
    honest();
}

/// With an even first byte the rest is a file, otherwise it is changes to the payload of an honest one.
pub fn run(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let file = match first & 1 {
        0 => rest.to_vec(),
        _ => pack(rest),
    };
    let Ok(container) = Container::from_bytes(file, KIND) else { return false };
    let params = Params::default();
    let Ok(key) = VerifierKey::<ProductAndSum>::from_container(&container, &params) else {
        return false;
    };
    // What another key verifies is none of our proofs; what this key verifies is.
    let fixture = fixture();
    let same = key.sha256() == fixture.key.verifier().sha256();
    assert_eq!(verify(&key, &fixture.instances, &fixture.proof).is_ok(), same);
    true
}

/// The honest key's artefact with a changed payload and the digests of what is in it.
fn pack(changes: &[u8]) -> Vec<u8> {
    let payload = edits::apply(honest().payload(), 0, changes);
    let mut header = honest().header().clone();
    header.vk_sha256 = Sha256Digest::of(&payload);
    EncodedContainer::new(&header, payload).expect("a short header").into_bytes()
}
