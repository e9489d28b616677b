//! Files of verifying and proving keys: as they are, and changed and packed anew with right digests.

use std::sync::OnceLock;

use zkdkim::{
    artefact::{self, Artefact, ArtefactKind, Sha256Digest},
    files::Overwrite,
    keys::{ProverKey, VerifierKey},
    verify::verify,
};

use crate::{
    edits,
    small::{fixture, Params, ProductAndSum},
};

/// The artefacts of the honest keys.
struct Files {
    verifying: Artefact,
    proving: Artefact,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let key = &fixture().key;
        key.write(&path, Overwrite::Replace).expect("a key file");
        let proving = Artefact::read(&path, ArtefactKind::ProvingKey).expect("a proving key");
        key.verifier().write(&path, Overwrite::Replace).expect("a key file");
        let verifying = Artefact::read(&path, ArtefactKind::VerifyingKey).expect("a verifying key");
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
        0 => ArtefactKind::VerifyingKey,
        _ => ArtefactKind::ProvingKey,
    };
    let file = match first & 2 {
        0 => rest.to_vec(),
        _ => pack(kind, rest),
    };
    let Ok(artefact) = Artefact::from_bytes(file, kind) else { return false };
    let params = Params::default();
    let key = match kind {
        ArtefactKind::VerifyingKey => {
            VerifierKey::<ProductAndSum>::from_artefact(&artefact, &params)
        }
        _ => ProverKey::from_artefact(&artefact, &params).map(|key| key.verifier().clone()),
    };
    let Ok(key) = key else { return false };
    // What another key verifies is none of our proofs; what this key verifies is.
    let fixture = fixture();
    let same = key.sha256() == fixture.key.verifier().sha256();
    assert_eq!(verify(&key, &fixture.instances, &fixture.proof).is_ok(), same);
    true
}

/// An honest key's artefact with a changed payload and the digests of what is in it.
fn pack(kind: ArtefactKind, changes: &[u8]) -> Vec<u8> {
    let honest = match kind {
        ArtefactKind::VerifyingKey => &files().verifying,
        _ => &files().proving,
    };
    let payload = edits::apply(honest.payload(), 0, changes);
    let verifying = match kind {
        ArtefactKind::VerifyingKey => Some(&payload[..]),
        _ => payload
            .split_first_chunk::<8>()
            .and_then(|(len, rest)| rest.get(..usize::try_from(u64::from_le_bytes(*len)).ok()?)),
    };
    let mut header = honest.header().clone();
    header.vk_sha256 = Sha256Digest::of(verifying.unwrap_or_default());
    artefact::to_bytes(&header, &payload).expect("a short header")
}
