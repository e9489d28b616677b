//! An SRS file in half its size, for who has to download it: of each point x and the parity of y.
//!
//! ```text
//! …          the SRS file up to its points, unchanged: header with the digest of the points, k, fold, [τ]_2
//! 32 bytes   for each point: x, big-endian; the highest bit is set where y is odd
//! ```
//!
//! [`unpack`] gives back the very file, whose digest is then checked as always: what was packed needs no trust. A square
//! root a point, 0.6 CPU seconds for k = 14, fold 8 natively.

use halo2_proofs::halo2curves::bn256::Fq;

use crate::{
    container,
    error::{Error, Result},
    folded::{self, parallel},
    kinds::SrsCheck,
};

const POINT: usize = 64;
const HALF: usize = 32;
/// Magic, k, fold, number of powers, \[τ\]_2: what stands before the points of the payload.
const HEAD: usize = 20 + 128;
const ODD: u8 = 0x80;
/// Points that a thread takes at once.
const PIECE: usize = 4096;

fn refused(detail: impl Into<String>) -> Error {
    Error::Srs { check: SrsCheck::Curve, detail: detail.into() }
}

/// Where the points begin.
fn points(file: &[u8], size: usize) -> Result<usize> {
    let start = container::payload_start(file)? + HEAD;
    match file.len().checked_sub(start) {
        Some(points) if points % size == 0 => Ok(start),
        _ => Err(refused("the file does not end with a whole point")),
    }
}

/// Packs an SRS file.
///
/// # Errors
///
/// What is no container; a length that is not that of points. The points themselves are not looked at.
pub fn pack(file: &[u8]) -> Result<Vec<u8>> {
    let start = points(file, POINT)?;
    let mut out = Vec::with_capacity(start + (file.len() - start) / 2);
    out.extend_from_slice(&file[..start]);
    for point in file[start..].chunks_exact(POINT) {
        let (x, y) = point.split_at(HALF);
        let at = out.len();
        out.extend_from_slice(x);
        out[at] |= if y[HALF - 1] & 1 == 1 { ODD } else { 0 };
    }
    Ok(out)
}

/// The SRS file that was packed.
///
/// # Errors
///
/// What is no container, a length that is not that of points, an x that is on no point of the curve. That the points are
/// those that were packed is what the digest in the file says; who reads it checks that.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    let start = points(packed, HALF)?;
    let (head, rest) = packed.split_at(start);
    let mut out = vec![0; start + 2 * rest.len()];
    out[..start].copy_from_slice(head);
    let pieces = rest.chunks(PIECE * HALF).zip(out[start..].chunks_mut(PIECE * POINT));
    let mut pieces: Vec<(&[u8], &mut [u8], bool)> =
        pieces.map(|(from, to)| (from, to, true)).collect();
    parallel::each(&mut pieces, |(from, to, good)| *good = unpack_piece(from, to).is_some());
    match pieces.iter().position(|(_, _, good)| !good) {
        None => Ok(out),
        Some(i) => {
            Err(refused(format!("a point from number {} on is not on the curve", i * PIECE)))
        }
    }
}

fn unpack_piece(from: &[u8], to: &mut [u8]) -> Option<()> {
    let halves = from.chunks_exact(HALF);
    let x: Option<Vec<Fq>> = halves.clone().map(|half| folded::coordinate(half, !ODD)).collect();
    let y = folded::ordinates(&x?)?;
    for ((half, y), to) in halves.zip(&y).zip(to.chunks_exact_mut(POINT)) {
        to[..HALF].copy_from_slice(half);
        to[0] &= !ODD;
        let odd = half[0] & ODD != 0;
        to[HALF..].copy_from_slice(&folded::coordinate_bytes(y, odd));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{container::Container, kinds::ContainerKind, srs::Srs};

    #[test]
    fn unpacking_gives_back_every_byte() {
        let file = Srs::insecure_dev(4, 3).unwrap().to_container().unwrap().into_bytes();
        let packed = pack(&file).unwrap();
        let points = 64 + 48;
        assert_eq!(file.len() - packed.len(), points * HALF);
        assert_eq!(unpack(&packed).unwrap(), file);
    }

    #[test]
    fn refuses_what_is_no_packed_file_and_finds_what_was_altered() {
        let file = Srs::insecure_dev(2, 1).unwrap().to_container().unwrap().into_bytes();
        let packed = pack(&file).unwrap();
        for cut in 0..packed.len() {
            let whole =
                cut >= packed.len() - 20 * HALF && (packed.len() - cut).is_multiple_of(HALF);
            assert_eq!(unpack(&packed[..cut]).is_ok(), whole, "cut at {cut}");
        }
        let start = packed.len() - 20 * HALF;
        // Above the modulus; the parity of the other y; another x.
        let mut bad = packed.clone();
        bad[start..start + HALF].fill(0x7f);
        assert!(matches!(unpack(&bad), Err(Error::Srs { check: SrsCheck::Curve, .. })));
        let mut bad = packed.clone();
        bad[start] ^= ODD;
        let container = Container::from_bytes(unpack(&bad).unwrap(), ContainerKind::Srs);
        assert!(matches!(container, Err(Error::Damaged { part: "payload", .. })));
        let refused = (0..40).any(|i| {
            let mut bad = packed.clone();
            bad[start + HALF - 1] = i;
            unpack(&bad).is_err()
        });
        assert!(refused, "every x is on the curve");
    }
}
