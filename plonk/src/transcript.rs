//! The Fiat–Shamir transcript that the EVM can replay: Keccak-256 over plain words.
//!
//! # Format
//!
//! A point is 64 bytes (x ‖ y, big-endian), a scalar 32 bytes (big-endian). What was absorbed since
//! the last challenge follows that challenge's full hash; a challenge is
//! `keccak256(previous hash ‖ absorbed) mod r`. When only one word stands in the buffer (a challenge
//! right after another), a byte `01` is appended, so that two consecutive challenges differ from a
//! hash of an absorbed word. This is the format of snark-verifier's `EvmTranscript`.
//!
//! # Soundness
//!
//! [`KeccakRead`] accepts exactly one encoding of each proof: scalars below r, coordinates below q,
//! points on the curve (the group has prime order, so on the curve is in the group), no identity,
//! and [`KeccakRead::finish`] refuses bytes after the last element.

use std::io::{self, Read, Write};

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::FromUniformBytes,
        group::prime::PrimeCurveAffine,
        CurveAffine,
    },
    transcript::{
        EncodedChallenge, Transcript, TranscriptRead, TranscriptReadBuffer, TranscriptWrite,
        TranscriptWriterBuffer,
    },
};
use sha3::{Digest, Keccak256};

use crate::words::{g1_words, scalar_word, word_base, word_scalar, Word};

/// A challenge: the hash reduced modulo the group order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeccakChallenge(Fr);

impl EncodedChallenge<G1Affine> for KeccakChallenge {
    type Input = Word;

    fn new(hash: &Word) -> Self {
        // The reduction of a 64-byte integer whose upper half is zero is that of the hash.
        let mut wide = [0u8; 64];
        for (to, from) in wide.iter_mut().zip(hash.iter().rev()) {
            *to = *from;
        }
        Self(Fr::from_uniform_bytes(&wide))
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

/// What prover and verifier share: the bytes since the last challenge, after its hash.
#[derive(Clone, Debug, Default)]
struct Sponge(Vec<u8>);

impl Sponge {
    fn squeeze(&mut self) -> KeccakChallenge {
        if self.0.len() == 32 {
            self.0.push(1);
        }
        let hash: Word = Keccak256::digest(&self.0).into();
        self.0.clear();
        self.0.extend_from_slice(&hash);
        KeccakChallenge::new(&hash)
    }

    fn point(&mut self, point: &G1Affine) -> io::Result<[Word; 2]> {
        if bool::from(point.is_identity()) {
            return Err(invalid("the point at infinity has no place in a transcript"));
        }
        let words = g1_words(point);
        self.0.extend(words.iter().flatten());
        Ok(words)
    }

    fn scalar(&mut self, scalar: &Fr) -> Word {
        let word = scalar_word(scalar);
        self.0.extend_from_slice(&word);
        word
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The verifier's side: reads a proof, strictly.
#[derive(Clone, Debug)]
pub struct KeccakRead<R: Read> {
    sponge: Sponge,
    reader: R,
}

impl<R: Read> KeccakRead<R> {
    /// A transcript over a proof.
    pub fn new(reader: R) -> Self {
        Self { sponge: Sponge::default(), reader }
    }

    /// Succeeds only when every byte of the proof has been read.
    pub fn finish(mut self) -> io::Result<()> {
        match self.reader.read(&mut [0u8; 1])? {
            0 => Ok(()),
            _ => Err(invalid("bytes follow the end of the proof")),
        }
    }

    fn word(&mut self) -> io::Result<Word> {
        let mut word = Word::default();
        self.reader.read_exact(&mut word)?;
        Ok(word)
    }
}

impl<R: Read> Transcript<G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.sponge.squeeze()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.sponge.point(&point).map(|_| ())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.scalar(&scalar);
        Ok(())
    }
}

impl<R: Read> TranscriptRead<G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let (x, y) = (self.word()?, self.word()?);
        let x = word_base(&x).ok_or_else(|| invalid("x is not below the base field's modulus"))?;
        let y = word_base(&y).ok_or_else(|| invalid("y is not below the base field's modulus"))?;
        let point = Option::from(G1Affine::from_xy(x, y))
            .ok_or_else(|| invalid("the point is not on the curve"))?;
        // `from_xy` lets (0, 0) through as the identity; the sponge refuses it.
        self.sponge.point(&point)?;
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let word = self.word()?;
        let scalar =
            word_scalar(&word).ok_or_else(|| invalid("a scalar is not below the group order"))?;
        self.sponge.scalar(&scalar);
        Ok(scalar)
    }
}

impl<R: Read> TranscriptReadBuffer<R, G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn init(reader: R) -> Self {
        Self::new(reader)
    }
}

/// The prover's side: writes a proof.
#[derive(Clone, Debug)]
pub struct KeccakWrite<W: Write> {
    sponge: Sponge,
    writer: W,
}

impl<W: Write> KeccakWrite<W> {
    /// A transcript that appends to `writer`.
    pub fn new(writer: W) -> Self {
        Self { sponge: Sponge::default(), writer }
    }

    /// The writer, behind the proof that was appended to it.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W: Write> Transcript<G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.sponge.squeeze()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.sponge.point(&point).map(|_| ())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.scalar(&scalar);
        Ok(())
    }
}

impl<W: Write> TranscriptWrite<G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        let words = self.sponge.point(&point)?;
        words.iter().try_for_each(|word| self.writer.write_all(word))
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let word = self.sponge.scalar(&scalar);
        self.writer.write_all(&word)
    }
}

impl<W: Write> TranscriptWriterBuffer<W, G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn init(writer: W) -> Self {
        Self::new(writer)
    }

    fn finalize(self) -> W {
        self.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::modulus_word;
    use halo2_proofs::halo2curves::{
        bn256::{Fq, G1},
        ff::Field,
        group::{Curve, Group},
    };
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm};

    type Reference<S> = evm::EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

    /// Drives a writer through points, scalars, common values and consecutive challenges.
    fn script<E, T>(mut transcript: T, finalize: impl Fn(T) -> Vec<u8>) -> (Vec<Fr>, Vec<u8>)
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut challenges = vec![];
        transcript.common_scalar(Fr::random(&mut rng)).unwrap();
        challenges.push(transcript.squeeze_challenge().get_scalar());
        challenges.push(transcript.squeeze_challenge().get_scalar());
        for _ in 0..5 {
            transcript.write_point(G1::random(&mut rng).to_affine()).unwrap();
            transcript.common_point(G1::random(&mut rng).to_affine()).unwrap();
            transcript.write_scalar(Fr::random(&mut rng)).unwrap();
            challenges.push(transcript.squeeze_challenge().get_scalar());
            transcript.write_scalar(-Fr::ONE).unwrap();
            challenges.push(transcript.squeeze_challenge().get_scalar());
        }
        (challenges, finalize(transcript))
    }

    #[test]
    fn writer_equals_snark_verifiers() {
        let ours = script(KeccakWrite::new(vec![]), KeccakWrite::into_inner);
        let theirs = script(Reference::<Vec<u8>>::new(vec![]), Reference::finalize);
        assert_eq!(ours, theirs);
    }

    #[test]
    fn reader_equals_snark_verifiers() {
        fn replay<E, T>(mut transcript: T) -> (Vec<G1Affine>, Vec<Fr>)
        where
            E: EncodedChallenge<G1Affine>,
            T: TranscriptRead<G1Affine, E>,
        {
            let (mut points, mut scalars) = (vec![], vec![]);
            for _ in 0..5 {
                points.push(transcript.read_point().unwrap());
                scalars.push(transcript.read_scalar().unwrap());
                scalars.push(transcript.squeeze_challenge().get_scalar());
                scalars.push(transcript.read_scalar().unwrap());
                scalars.push(transcript.squeeze_challenge().get_scalar());
            }
            (points, scalars)
        }
        let (_, proof) = script(KeccakWrite::new(vec![]), KeccakWrite::into_inner);
        assert_eq!(
            replay(KeccakRead::new(proof.as_slice())),
            replay(Reference::<&[u8]>::new(proof.as_slice()))
        );
    }

    fn read_point(bytes: &[u8]) -> Result<G1Affine, String> {
        KeccakRead::new(bytes).read_point().map_err(|e| e.to_string())
    }

    #[test]
    fn rejects_points_that_are_not_canonical() {
        let [x, y] = g1_words(&G1Affine::generator());
        let q = modulus_word::<Fq>();
        let plus_q = |word: &Word| {
            let sum =
                num_bigint::BigUint::from_bytes_be(word) + num_bigint::BigUint::from_bytes_be(&q);
            let bytes = sum.to_bytes_be();
            let mut out = Word::default();
            out[32 - bytes.len()..].copy_from_slice(&bytes);
            out
        };
        assert!(read_point(&[x, y].concat()).is_ok());
        assert!(read_point(&[plus_q(&x), y].concat()).unwrap_err().contains("x is not below"));
        assert!(read_point(&[x, plus_q(&y)].concat()).unwrap_err().contains("y is not below"));
        assert!(read_point(&[y, x].concat()).unwrap_err().contains("not on the curve"));
        assert!(read_point(&[0; 64]).unwrap_err().contains("infinity"));
        assert!(read_point(&[x, y].concat()[..63]).is_err());
    }

    #[test]
    fn rejects_scalars_above_the_order_and_trailing_bytes() {
        let r = modulus_word::<Fr>();
        let error = KeccakRead::new(r.as_slice()).read_scalar().unwrap_err();
        assert!(error.to_string().contains("not below the group order"));
        assert!(KeccakRead::new(&[0u8; 31][..]).read_scalar().is_err());

        let proof = [0u8; 33];
        let mut exact = KeccakRead::new(&proof[..32]);
        exact.read_scalar().unwrap();
        exact.finish().unwrap();
        let mut longer = KeccakRead::new(&proof[..]);
        longer.read_scalar().unwrap();
        assert!(longer.finish().unwrap_err().to_string().contains("follow the end"));
    }

    #[test]
    fn refuses_to_write_the_identity() {
        assert!(KeccakWrite::new(vec![]).write_point(G1Affine::identity()).is_err());
    }
}
