//! Files of verifying and proving keys: as they are, and changed and packed anew with right digests.

use std::sync::OnceLock;

use zkdkim_plonk::{
    container::{Container, EncodedContainer},
    digest::Sha256Digest,
    keys::{ProverKey, VerifierKey},
    kinds::ContainerKind,
    verify::verify,
};

use crate::{
    edits,
    small::{fixture, Params, ProductAndSum},
};

/// The artefacts of the honest keys.
struct Files {
    verifying: Container,
    proving: Container,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let read = |file: zkdkim_plonk::Result<EncodedContainer>, kind| {
            let bytes = file.expect("a short header").into_bytes();
            Container::from_bytes(bytes, kind).expect("a key file")
        };
        let key = &fixture().key;
        let proving = read(key.to_container(), ContainerKind::ProvingKey);
        let verifying = read(key.verifier().to_container(), ContainerKind::VerifyingKey);
        Files { verifying, proving }
    })
}

/// Makes what every run needs, so that the first run is not the slow one.
pub fn prepare() {
    files();
}

/// The first byte chooses the kind of key, and whether the rest is a file or changes to the payload of
/// an honest one.
pub fn run(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let kind = match first & 1 {
        0 => ContainerKind::VerifyingKey,
        _ => ContainerKind::ProvingKey,
    };
    let file = match first & 2 {
        0 => rest.to_vec(),
        _ => pack(kind, rest),
    };
    let Ok(container) = Container::from_bytes(file, kind) else { return false };
    let params = Params::default();
    let key = match kind {
        ContainerKind::VerifyingKey => {
            VerifierKey::<ProductAndSum>::from_container(&container, &params)
        }
        _ => ProverKey::from_container(&container, &params).map(|key| key.verifier().clone()),
    };
    let Ok(key) = key else { return false };
    // What another key verifies is none of our proofs; what this key verifies is.
    let fixture = fixture();
    let same = key.sha256() == fixture.key.verifier().sha256();
    assert_eq!(verify(&key, &fixture.instances, &fixture.proof).is_ok(), same);
    true
}

/// An honest key's artefact with a changed payload and the digests of what is in it.
fn pack(kind: ContainerKind, changes: &[u8]) -> Vec<u8> {
    let honest = match kind {
        ContainerKind::VerifyingKey => &files().verifying,
        _ => &files().proving,
    };
    let payload = edits::apply(honest.payload(), 0, changes);
    let verifying = match kind {
        ContainerKind::VerifyingKey => Some(&payload[..]),
        _ => payload
            .split_first_chunk::<8>()
            .and_then(|(len, rest)| rest.get(..usize::try_from(u64::from_le_bytes(*len)).ok()?)),
    };
    let mut header = honest.header().clone();
    header.vk_sha256 = Sha256Digest::of(verifying.unwrap_or_default());
    EncodedContainer::new(&header, payload).expect("a short header").into_bytes()
}
