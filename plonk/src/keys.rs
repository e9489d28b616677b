//! Keys of a circuit: making, writing, reading them.
//!
//! # Files
//!
//! Both are [containers](crate::container). The payload of a verifying key is
//!
//! ```text
//! u32  length, then the circuit: its id, its parameters, a digest of its layout
//! 128  [s] in G2, both coordinates in Montgomery form (the decoder of the compressed form panics on a
//!      coordinate that is not canonical)
//! …    halo2's verifying key, points compressed
//! ```
//!
//! and its SHA-256 is *the* digest of the key: the same on every machine, and another one for another
//! circuit, other parameters or another SRS. It stands in every proof and in the exported contract.
//!
//! The payload of a proving key is that of its verifying key, with a length in front, then the
//! polynomials in Montgomery form. halo2's own decoder panics on short input, so the polynomials are
//! decoded here, and every length is compared with what the circuit makes it before anything is read.
//!
//! # Trust
//!
//! A key file's digests protect against damage, not against whoever made the file. A verifier has to
//! get the key, or its digest, from somebody it trusts. A prover risks nothing but its time: the
//! prover verifies its proof before anybody sees it.

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

use halo2_proofs::{
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        serde::SerdeObject,
    },
    plonk::{keygen_vk_custom, Circuit, ConstraintSystem, VerifyingKey},
    poly::{commitment::Params, kzg::commitment::ParamsKZG},
    SerdeFormat,
};

use crate::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    error::{Error, Result},
    kinds::{ContainerKind, SrsKind},
    srs::{self, Srs},
};

mod layout;
mod polynomials;
mod prover;

use layout::Layout;
pub use prover::ProverKey;

const G2_BYTES: usize = 128;
const CIRCUIT_LIMIT: usize = 1024;
/// Version, k, compression flag, number of fixed commitments, as halo2 writes them.
const HALO2_PREFIX: usize = 1 + 4 + 1 + 4;
const G1_COMPRESSED: usize = 32;

/// A circuit that keys can be made for.
pub trait KeyedCircuit: Circuit<Fr, Params: Clone> {
    /// Identifies the relation and its version; with [`KeyedCircuit::describe`], no other circuit.
    const ID: &'static str;
    /// Length of its one instance column.
    const INSTANCES: usize;

    /// Binary logarithm of the number of rows.
    fn k(params: &Self::Params) -> u32;

    /// The parameters as a short text, different for different parameters.
    fn describe(params: &Self::Params) -> String;

    /// The circuit without a witness.
    fn blank(params: &Self::Params) -> Self;
}

/// Identifies a circuit with its parameters and its layout; stands in every key file.
///
/// # Errors
///
/// [`Error::Keygen`] where the circuit cannot be laid out.
pub fn circuit_name<C: KeyedCircuit>(params: &C::Params) -> Result<String> {
    Ok(named_layout::<C>(params)?.name.clone())
}

/// A circuit's name, and what its selectors must be.
struct NamedLayout {
    name: String,
    selectors: Vec<u8>,
}

fn named_layout<C: KeyedCircuit>(params: &C::Params) -> Result<Arc<NamedLayout>> {
    // Laying out takes a tenth of a second, and one run asks several times.
    static LAYOUTS: Mutex<BTreeMap<String, Arc<NamedLayout>>> = Mutex::new(BTreeMap::new());
    let short = format!("{} {}", C::ID, C::describe(params));
    let lock = || LAYOUTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(layout) = lock().get(&short) {
        return Ok(layout.clone());
    }
    let Layout { digest, selectors } = layout::layout(&C::blank(params), C::k(params))
        .map_err(|e| Error::Keygen { detail: e.to_string() })?;
    let name = format!("{short} layout:{}", &digest.to_string()[..16]);
    let layout = Arc::new(NamedLayout { name, selectors });
    lock().insert(short, layout.clone());
    Ok(layout)
}

fn constraint_system<C: KeyedCircuit>(params: &C::Params) -> ConstraintSystem<Fr> {
    let mut cs = ConstraintSystem::default();
    C::configure_with_params(&mut cs, params.clone());
    cs
}

/// All that verifying needs.
#[derive(Clone)]
pub struct VerifierKey<C> {
    vk: VerifyingKey<G1Affine>,
    /// Only the first power and the two points of G2.
    params: ParamsKZG<Bn256>,
    circuit: String,
    srs_kind: SrsKind,
    srs_sha256: Sha256Digest,
    sha256: Sha256Digest,
    payload: Vec<u8>,
    _circuit: PhantomData<fn() -> C>,
}

impl<C> fmt::Debug for VerifierKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierKey")
            .field("circuit", &self.circuit)
            .field("srs_kind", &self.srs_kind)
            .field("sha256", &self.sha256)
            .finish()
    }
}

impl<C: KeyedCircuit> VerifierKey<C> {
    /// Makes the key.
    ///
    /// # Errors
    ///
    /// [`Error::WrongK`] for an SRS of another size, [`Error::Keygen`] where halo2 refuses.
    pub fn generate(srs: &Srs, params: &C::Params) -> Result<Self> {
        let k = C::k(params);
        if srs.k() != k {
            return Err(Error::WrongK { expected: k, got: srs.k() });
        }
        let vk = keygen_vk_custom(srs.params(), &C::blank(params), true)
            .map_err(|e| Error::Keygen { detail: e.to_string() })?;
        let circuit = circuit_name::<C>(params)?;
        let mut payload = (circuit.len() as u32).to_le_bytes().to_vec();
        payload.extend_from_slice(circuit.as_bytes());
        payload.extend_from_slice(&srs.params().s_g2().to_raw_bytes());
        vk.write(&mut payload, SerdeFormat::Processed)
            .map_err(|e| Error::Keygen { detail: e.to_string() })?;
        Ok(Self::from_parts(vk, srs.params().s_g2(), circuit, srs.kind(), srs.sha256(), payload))
    }

    fn from_parts(
        vk: VerifyingKey<G1Affine>,
        s_g2: G2Affine,
        circuit: String,
        srs_kind: &SrsKind,
        srs_sha256: Sha256Digest,
        payload: Vec<u8>,
    ) -> Self {
        let g2 = G2Affine::generator();
        let k = vk.get_domain().k();
        let params = srs::params_from_parts(k, vec![G1Affine::generator()], vec![], g2, s_g2);
        let sha256 = Sha256Digest::of(&payload);
        let srs_kind = srs_kind.clone();
        let _circuit = PhantomData;
        VerifierKey { vk, params, circuit, srs_kind, srs_sha256, sha256, payload, _circuit }
    }

    /// Decodes the payload of a verifying key.
    fn decode(payload: &[u8], header: &ContainerHeader, params: &C::Params) -> Result<Self> {
        let bad = |detail: &str| Error::malformed("verifying key", detail);
        let layout = named_layout::<C>(params)?;
        let expected = layout.name.clone();
        if header.circuit != expected {
            return Err(Error::WrongCircuit { expected, got: printable(&header.circuit) });
        }
        let k = C::k(params);
        if header.k != k {
            return Err(Error::WrongK { expected: k, got: header.k });
        }
        let (len, rest) = payload.split_first_chunk::<4>().ok_or_else(|| bad("too short"))?;
        let len = u32::from_le_bytes(*len) as usize;
        if len > CIRCUIT_LIMIT || rest.len() < len + G2_BYTES {
            return Err(bad("too short"));
        }
        let (circuit, rest) = rest.split_at(len);
        if circuit != expected.as_bytes() {
            let got = printable(&String::from_utf8_lossy(circuit));
            return Err(Error::WrongCircuit { expected, got });
        }
        let (point, halo2) = rest.split_at(G2_BYTES);
        let s_g2 = srs::g2_point(point)?;
        srs::check::check_g2(&G2Affine::generator(), &s_g2, &header.srs_kind)?;

        check_halo2_key::<C>(halo2, k, params)?;
        // Or else files with different digests would be the same key.
        if !halo2.ends_with(&layout.selectors) {
            return Err(bad("its selectors are not those of the circuit"));
        }
        let mut reader = halo2;
        let vk = VerifyingKey::<G1Affine>::read::<_, C>(
            &mut reader,
            SerdeFormat::Processed,
            params.clone(),
        )
        .map_err(|e| bad(&e.to_string()))?;
        if !reader.is_empty() || vk.fixed_commitments().len() != vk.cs().num_fixed_columns() {
            return Err(bad("the number of commitments does not fit the circuit"));
        }
        // A point has several compressed forms that halo2 reads; a key has one digest.
        if vk.to_bytes(SerdeFormat::Processed) != halo2 {
            return Err(bad("not in canonical form"));
        }
        let srs_sha256 = header.srs_sha256;
        let payload = payload.to_vec();
        Ok(Self::from_parts(vk, s_g2, expected, &header.srs_kind, srs_sha256, payload))
    }

    /// Decodes and checks the content of a file of a verifying key.
    ///
    /// # Errors
    ///
    /// Another circuit or k, a malformed key.
    pub fn from_container(container: &Container, params: &C::Params) -> Result<Self> {
        let key = Self::decode(container.payload(), container.header(), params)?;
        key.check_own_digest(container.header())?;
        Ok(key)
    }

    fn check_own_digest(&self, header: &ContainerHeader) -> Result<()> {
        if header.vk_sha256 == self.sha256 {
            return Ok(());
        }
        let (expected, got) = (self.sha256.to_string(), header.vk_sha256.to_string());
        Err(Error::WrongKey { what: "the key file", expected, got })
    }

    /// The key as a file.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for names that do not fit the header.
    pub fn to_container(&self) -> Result<EncodedContainer> {
        EncodedContainer::new(&self.header(ContainerKind::VerifyingKey), self.payload.clone())
    }

    fn header(&self, kind: ContainerKind) -> ContainerHeader {
        ContainerHeader {
            kind,
            circuit: self.circuit.clone(),
            k: self.k(),
            srs_kind: self.srs_kind.clone(),
            srs_sha256: self.srs_sha256,
            vk_sha256: self.sha256,
        }
    }

    /// Fails where the key was built over another SRS.
    ///
    /// # Errors
    ///
    /// [`Error::WrongSrs`].
    pub fn check_srs(&self, sha256: Sha256Digest, kind: &SrsKind) -> Result<()> {
        if self.srs_sha256 == sha256 && self.srs_kind == *kind {
            return Ok(());
        }
        let (expected, got) = (sha256.to_string(), self.srs_sha256.to_string());
        Err(Error::WrongSrs { what: "the key", expected, got })
    }
}

impl<C> VerifierKey<C> {
    /// The key as Halo2 takes it; its selectors are compressed.
    pub fn vk(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// For halo2's verifier; the bases are not there.
    pub fn verifier_params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// What [`circuit_name`] gives: id, parameters and digest of the layout. Stands in key and proof files.
    pub fn circuit(&self) -> &str {
        &self.circuit
    }

    /// Binary logarithm of the number of rows.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// Where the SRS comes from.
    pub fn srs_kind(&self) -> &SrsKind {
        &self.srs_kind
    }

    /// SHA-256 of the payload of the SRS that the key was made over.
    pub fn srs_sha256(&self) -> Sha256Digest {
        self.srs_sha256
    }

    /// The digest of the key.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }
}

/// A name out of a file, fit for a terminal.
fn printable(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

/// Compares every length in halo2's encoding with the circuit before halo2 reads it: its decoder
/// trusts k and the number of commitments.
fn check_halo2_key<C: KeyedCircuit>(bytes: &[u8], k: u32, params: &C::Params) -> Result<()> {
    let bad = |detail: String| Error::malformed("verifying key", detail);
    let prefix: &[u8; HALO2_PREFIX] = bytes.first_chunk().ok_or_else(|| bad("too short".into()))?;
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| prefix[at + i]));
    if word(1) != k || prefix[5] != 1 {
        return Err(bad(format!("k = {}, selector compression {}", word(1), prefix[5])));
    }
    let cs = constraint_system::<C>(params);
    let fixed = word(6) as usize;
    // Every selector becomes part of one fixed column.
    if fixed > cs.num_fixed_columns() + cs.num_selectors() {
        return Err(bad(format!("{fixed} fixed commitments")));
    }
    let points = fixed + cs.permutation().get_columns().len();
    let selectors = cs.num_selectors() * (1usize << k).div_ceil(8);
    let expected = HALO2_PREFIX + points * G1_COMPRESSED + selectors;
    if bytes.len() != expected {
        return Err(bad(format!("{} bytes, expected {expected}", bytes.len())));
    }
    Ok(())
}
