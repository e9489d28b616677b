//! An SRS that never changes, and comes back from its file, whole or packed.

use zkdkim_plonk::{
    container::Container,
    kinds::ContainerKind,
    srs::{packed, Srs},
};

/// SHA-256 of the development SRS of 2^8 rows, fold 8.
const SHA256: &str = "eaef6579198094422c71cd41e16b6cc38f6a77b64c8cfeb60a150c8934bd7328";

#[test]
fn parameters_are_the_known_ones() {
    compare();
}

/// The SRS as it is made and read here; examples/vectors.rs calls it where numbers are multiplied in another way.
pub fn compare() {
    let srs = Srs::insecure_dev(8, 8).expect("an SRS");
    assert_eq!(srs.sha256().to_string(), SHA256);
    let file = srs.to_container().expect("a file").into_bytes();
    let packed = packed::pack(&file).expect("half of it");
    assert!(packed::unpack(&packed).expect("the file") == file, "unpacking gives another file");
    let read = |file| Container::from_bytes(file, ContainerKind::Srs).expect("a container");
    let again = Srs::from_container(&read(file.clone())).expect("points of one secret");
    assert!(again.bases() == srs.bases(), "points are read as others");
    let known = Srs::from_known_container(read(file), srs.sha256()).expect("known points");
    assert!(known.bases() == srs.bases(), "known points are read as others");
}
