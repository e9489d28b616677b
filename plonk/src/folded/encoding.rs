//! Words as the EVM has them: a scalar or a coordinate is 32 bytes, big-endian, below its modulus; a point is x ‖ y.

use halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::PrimeField,
    group::prime::PrimeCurveAffine,
    CurveAffine,
};

use super::error::{Error, Result};

/// Bytes of a point.
pub(super) const POINT: usize = 64;
/// Bytes of a scalar.
pub(super) const SCALAR: usize = 32;

pub(super) fn field_bytes<F: PrimeField<Repr = R>, R: AsRef<[u8]>>(x: &F) -> [u8; 32] {
    let mut out = [0u8; 32];
    for (to, from) in out.iter_mut().rev().zip(x.to_repr().as_ref()) {
        *to = *from;
    }
    out
}

/// x ‖ y; the identity is (0, 0), which lies on no curve of ours.
pub(super) fn point_bytes(p: &G1Affine) -> [u8; POINT] {
    let mut out = [0u8; POINT];
    out[..32].copy_from_slice(&field_bytes(&p.x));
    out[32..].copy_from_slice(&field_bytes(&p.y));
    out
}

/// Whether the identity is an acceptable point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    Allowed,
    Refused,
}

/// Reads from the front of a byte string and knows where it stands.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { at: self.at, what }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.malformed("the bytes end too early"))?;
        let out = &self.bytes[self.at..end];
        self.at = end;
        Ok(out)
    }

    fn word(&mut self) -> Result<[u8; 32]> {
        let mut out = [0u8; 32];
        for (to, from) in out.iter_mut().rev().zip(self.take(32)?) {
            *to = *from;
        }
        Ok(out)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().fold(0, |acc, b| acc << 8 | u32::from(*b)))
    }

    pub(super) fn scalar(&mut self) -> Result<Fr> {
        let at = self.at;
        Option::from(Fr::from_repr(self.word()?))
            .ok_or(Error::Malformed { at, what: "a scalar that is not below the group order" })
    }

    pub(super) fn coordinate(&mut self) -> Result<Fq> {
        let at = self.at;
        Option::from(Fq::from_repr(self.word()?))
            .ok_or(Error::Malformed { at, what: "a coordinate that is not below the modulus" })
    }

    pub(super) fn point(&mut self, identity: Identity) -> Result<G1Affine> {
        let at = self.at;
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        let point: Option<G1Affine> = G1Affine::from_xy(x, y).into();
        let point =
            point.ok_or(Error::Malformed { at, what: "a point that is not on the curve" })?;
        if bool::from(point.is_identity()) && identity == Identity::Refused {
            return Err(Error::Malformed { at, what: "the point at infinity" });
        }
        Ok(point)
    }

    pub(super) fn finish(&self) -> Result<()> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.malformed("bytes after the end"))
        }
    }
}
