//! Import of a Powers of Tau file of snarkjs (`.ptau`).
//!
//! # Format
//!
//! As written and read by snarkjs 0.7.6 (`powersoftau_utils.js`, `powersoftau_new.js`,
//! `powersoftau_preparephase2.js`) and @iden3/binfileutils 0.0.12. All integers are little-endian.
//!
//! ```text
//! "ptau", u32 version = 1, u32 number of sections, then each section: u32 type, u64 length, content
//!  1  header: u32 32, 32 bytes q, u32 power, u32 power of the whole ceremony
//!  2  τ^i in G1, i < 2^(power+1) − 1        12  Lagrange bases of section 2, for 2^0 … 2^(power+1)
//!  3  τ^i in G2, i < 2^power                13  Lagrange bases of section 3, for 2^0 … 2^power
//!  4  α τ^i in G1, i < 2^power              14  of section 4
//!  5  β τ^i in G1, i < 2^power              15  of section 5
//!  6  β in G2
//!  7  contributions
//! ```
//!
//! Points are affine, both coordinates of 32 (G1) or 64 bytes (G2) in Montgomery form with R = 2^256,
//! which is how halo2curves keeps them in memory.
//!
//! # How it is read
//!
//! Once, from beginning to end: all bytes go through SHA-256 and BLAKE2b-512, and only the
//! first points of section 2, as many as are needed, and the first two of section 3 are kept. So the digests are those of exactly
//! the bytes that were parsed, and a file of many gigabytes takes the memory of its prefix.
//!
//! # What is checked
//!
//! Magic, version, prime, every length against the power, every section at most once, the file's size to
//! the byte, and on the points all of [`check`](super::check). The contributions of section 7 are not
//! verified (`snarkjs powersoftau verify` does that): a published digest stands for them.

use std::io::{self, Read};

use blake2b_simd::State as Blake2b;
use halo2_proofs::halo2curves::bn256::{G1Affine, G2Affine};
use sha2::{Digest, Sha256};

use super::{g1_points, g2_point, powers_needed, Srs, G1_BYTES, G2_BYTES};
use crate::{
    error::{Error, Result},
    kinds::{PtauCheck, SrsKind},
};

const MAGIC: &[u8; 4] = b"ptau";
const VERSION: u32 = 1;
/// Eleven in a prepared file; the table leaves room for no other types.
const MAX_SECTIONS: u32 = 11;
/// Ceremonies end at 2^28, the two-adicity of the scalar field.
const MAX_POWER: u32 = 28;
const HEADER_BYTES: u64 = 4 + 32 + 4 + 4;
/// The base field of BN254, little-endian.
const PRIME: [u8; 32] = [
    0x47, 0xfd, 0x7c, 0xd8, 0x16, 0x8c, 0x20, 0x3c, 0x8d, 0xca, 0x71, 0x68, 0x91, 0x6a, 0x81, 0x97,
    0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const CONTRIBUTIONS: u32 = 7;

fn fail<T>(check: PtauCheck, detail: impl Into<String>) -> Result<T> {
    Err(Error::Ptau { check, detail: detail.into() })
}

/// A ceremony file whose digest was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCeremony {
    /// Name of the ceremony.
    pub name: String,
    /// Name under which the file was published.
    pub file: String,
    /// Binary logarithm of the number of powers.
    pub power: u32,
}

/// Imports what an SRS for 2^k rows and this fold takes from a reader of `len` bytes. `progress` is told how many bytes of how many were read;
/// `find` knows the published files by the BLAKE2b-512 digest in lower-case hex.
///
/// The result is a [`SrsKind::Ceremony`] where `find` knows the digest, and a [`SrsKind::UnlistedCeremony`] otherwise:
/// the caller has to warn.
///
/// # Errors
///
/// [`Error::Read`], [`Error::Ptau`] and [`Error::Srs`].
pub fn import(
    reader: impl Read,
    len: u64,
    k: u32,
    fold: usize,
    find: &dyn Fn(&str) -> Option<ListedCeremony>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Srs> {
    let needed = powers_needed(k, fold)?;
    let mut input = HashingReader::new(reader, len, progress);
    let content = parse(&mut input, needed)?;
    let (sha256, blake2b512) = input.finish()?;
    let kind = match find(&blake2b512) {
        Some(listed) if listed.power == content.power => {
            SrsKind::Ceremony { name: listed.name, file: listed.file, blake2b512 }
        }
        Some(listed) => {
            let detail = format!("power {}, listed as {}", content.power, listed.power);
            return fail(PtauCheck::Manifest, detail);
        }
        None => SrsKind::UnlistedCeremony { blake2b512, sha256 },
    };
    let Content { powers, g2, s_g2, .. } = content;
    Srs::from_powers(k, fold, powers, g2, s_g2, kind)
}

struct Content {
    power: u32,
    powers: Vec<G1Affine>,
    g2: G2Affine,
    s_g2: G2Affine,
}

fn parse<R: Read>(input: &mut HashingReader<'_, R>, needed: usize) -> Result<Content> {
    if input.len < 12 || input.array::<4>()? != *MAGIC {
        return fail(PtauCheck::Magic, "the file does not begin with \"ptau\"");
    }
    let version = input.u32()?;
    if version != VERSION {
        return fail(PtauCheck::Version, format!("version {version}, expected {VERSION}"));
    }
    let sections = input.u32()?;
    if sections > MAX_SECTIONS {
        return fail(PtauCheck::Section, format!("{sections} sections, at most {MAX_SECTIONS}"));
    }

    let mut seen = 0u32;
    let mut power = None;
    let mut powers = None;
    let mut g2_powers = None;
    for _ in 0..sections {
        let kind = input.u32()?;
        let len = input.u64()?;
        if len > input.left() {
            let detail = format!("section {kind} has {len} bytes, {} are left", input.left());
            return fail(PtauCheck::Truncated, detail);
        }
        if !matches!(kind, 1..=7 | 12..=15) {
            return fail(PtauCheck::Section, format!("unknown section type {kind}"));
        }
        if seen & 1 << kind != 0 {
            return fail(PtauCheck::Section, format!("section {kind} stands there twice"));
        }
        seen |= 1 << kind;

        let Some(power) = power else {
            if kind != HEADER {
                let detail = format!("section {kind} stands before the header");
                return fail(PtauCheck::Section, detail);
            }
            power = Some(parse_header(input, len, needed)?);
            continue;
        };
        check_section_length(kind, len, power)?;
        let keep = match kind {
            TAU_G1 => needed * G1_BYTES,
            TAU_G2 => 2 * G2_BYTES,
            _ => 0,
        };
        let content = input.take(keep)?;
        input.skip(len - keep as u64)?;
        match kind {
            TAU_G1 => powers = Some(g1_points(&content)?),
            TAU_G2 => {
                let (first, second) = content.split_at(G2_BYTES);
                g2_powers = Some((g2_point(first)?, g2_point(second)?));
            }
            _ => {}
        }
    }
    if input.left() != 0 {
        let detail = format!("{} bytes behind the last section", input.left());
        return fail(PtauCheck::TrailingBytes, detail);
    }
    let missing = (1..=7).find(|kind| seen & 1 << kind == 0);
    match (missing, power, powers, g2_powers) {
        (None, Some(power), Some(powers), Some((g2, s_g2))) => {
            Ok(Content { power, powers, g2, s_g2 })
        }
        (missing, ..) => {
            let detail = format!("section {} is missing", missing.unwrap_or(HEADER));
            fail(PtauCheck::Section, detail)
        }
    }
}

/// Reads section 1 and returns the power.
fn parse_header<R: Read>(input: &mut HashingReader<'_, R>, len: u64, needed: usize) -> Result<u32> {
    if len != HEADER_BYTES {
        return fail(PtauCheck::Header, format!("{len} bytes long, expected {HEADER_BYTES}"));
    }
    let field_bytes = input.u32()?;
    if field_bytes != 32 || input.array::<32>()? != PRIME {
        return fail(PtauCheck::Prime, "the prime is not that of BN254");
    }
    let power = input.u32()?;
    let ceremony_power = input.u32()?;
    if !(1..=MAX_POWER).contains(&power) || !(power..=MAX_POWER).contains(&ceremony_power) {
        let detail = format!("power {power} of a ceremony of power {ceremony_power}");
        return fail(PtauCheck::Header, detail);
    }
    let there = (2usize << power) - 1;
    if there < needed {
        return fail(PtauCheck::Power, format!("{there} powers, {needed} are needed"));
    }
    Ok(power)
}

fn check_section_length(kind: u32, len: u64, power: u32) -> Result<()> {
    let (g1, g2) = (G1_BYTES as u64, G2_BYTES as u64);
    let expected = match kind {
        TAU_G1 => ((2 << power) - 1) * g1,
        TAU_G2 => (1 << power) * g2,
        4 | 5 => (1 << power) * g1,
        6 => g2,
        CONTRIBUTIONS => return Ok(()),
        12 => ((4 << power) - 1) * g1,
        13 => ((2 << power) - 1) * g2,
        14 | 15 => ((2 << power) - 1) * g1,
        _ => return fail(PtauCheck::Section, format!("unknown section type {kind}")),
    };
    if len != expected {
        let detail = format!("section {kind} has {len} bytes; power {power} makes {expected}");
        return fail(PtauCheck::SectionLength, detail);
    }
    Ok(())
}

/// A reader that knows how much is left and hashes all that passes.
struct HashingReader<'a, R> {
    inner: R,
    len: u64,
    read: u64,
    sha256: Sha256,
    blake2b: Blake2b,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl<'a, R: Read> HashingReader<'a, R> {
    fn new(inner: R, len: u64, progress: &'a mut dyn FnMut(u64, u64)) -> Self {
        let (sha256, blake2b) = (Sha256::new(), Blake2b::new());
        HashingReader { inner, len, read: 0, sha256, blake2b, progress }
    }

    fn left(&self) -> u64 {
        self.len - self.read
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        if buffer.len() as u64 > self.left() {
            let detail = format!("{} bytes left, {} needed", self.left(), buffer.len());
            return fail(PtauCheck::Truncated, detail);
        }
        self.inner.read_exact(buffer).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                let detail = "the file became shorter while it was read".into();
                Error::Ptau { check: PtauCheck::Truncated, detail }
            }
            _ => Error::Read { what: ".ptau file", source },
        })?;
        self.sha256.update(&*buffer);
        self.blake2b.update(buffer);
        self.read += buffer.len() as u64;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut buffer = [0; N];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// The length was compared with what is left, so nothing larger than the file is allocated.
    fn take(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut buffer = vec![0; len];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    fn skip(&mut self, mut len: u64) -> Result<()> {
        let mut buffer = vec![0; len.min(1 << 20) as usize];
        while len > 0 {
            let part = len.min(buffer.len() as u64) as usize;
            self.fill(&mut buffer[..part])?;
            len -= part as u64;
            (self.progress)(self.read, self.len);
        }
        Ok(())
    }

    /// SHA-256 and BLAKE2b-512 in hex, once everything was read.
    fn finish(mut self) -> Result<(String, String)> {
        if self.inner.read(&mut [0]).map_err(|source| Error::Read { what: ".ptau file", source })?
            != 0
        {
            return fail(PtauCheck::TrailingBytes, "the file grew while it was read");
        }
        Ok((hex::encode(self.sha256.finalize()), self.blake2b.finalize().to_hex().to_string()))
    }
}
