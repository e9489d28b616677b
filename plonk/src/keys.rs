//! Keys of a circuit: making, writing, reading them.
//!
//! # Files
//!
//! A verifying key is a [container](crate::container) with the payload
//!
//! ```text
//! u32  length, then the circuit: its id, its parameters, its fold, a digest of its layout
//! …    the key as [`folded::VerifyingKey::to_bytes`] writes it
//! ```
//!
//! and its SHA-256 is *the* digest of the key: the same on every machine, and another one for another
//! circuit, other parameters or another SRS. It stands in every proof and in the exported contract.
//!
//! A proving key has no file. Beside the commitments, which the verifying key holds, all of it follows from the
//! circuit, which is laid out in less time than a file of its polynomials would take to read and check.
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
    halo2curves::bn256::{Fr, G2Affine},
    plonk::Circuit,
};

use crate::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    error::{Error, Result},
    folded::{self, protocol::Shape},
    kinds::{ContainerKind, SrsKind},
    srs,
};

mod layout;
mod prover;

use layout::Layout;
pub use prover::ProverKey;

const CIRCUIT_LIMIT: usize = 1024;

/// A circuit that keys can be made for.
pub trait KeyedCircuit: Circuit<Fr, Params: Clone> {
    /// Identifies the relation and its version; with [`KeyedCircuit::describe`], no other circuit.
    const ID: &'static str;
    /// Length of its one instance column.
    const INSTANCES: usize;

    /// Binary logarithm of the number of rows.
    fn k(params: &Self::Params) -> u32;

    /// How many polynomials share a commitment, from 1 to 16: few for the least proving time, many for the least gas.
    fn fold(params: &Self::Params) -> usize;

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

/// A circuit's name, and the shape of its keys.
struct NamedLayout {
    name: String,
    shape: Shape,
}

fn named_layout<C: KeyedCircuit>(params: &C::Params) -> Result<Arc<NamedLayout>> {
    // Laying out takes a tenth of a second, and one run asks several times.
    static LAYOUTS: Mutex<BTreeMap<String, Arc<NamedLayout>>> = Mutex::new(BTreeMap::new());
    let short = format!("{} {} fold:{}", C::ID, C::describe(params), C::fold(params));
    let lock = || LAYOUTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(layout) = lock().get(&short) {
        return Ok(layout.clone());
    }
    let Layout { digest, shape } = layout::layout(&C::blank(params), C::k(params), C::INSTANCES)?;
    let name = format!("{short} layout:{}", &digest.to_string()[..16]);
    let layout = Arc::new(NamedLayout { name, shape });
    lock().insert(short, layout.clone());
    Ok(layout)
}

/// All that verifying needs.
pub struct VerifierKey<C> {
    vk: Arc<folded::VerifyingKey>,
    circuit: String,
    srs_kind: SrsKind,
    srs_sha256: Sha256Digest,
    sha256: Sha256Digest,
    _circuit: PhantomData<fn() -> C>,
}

// Derived, it would ask for circuits that can be cloned.
impl<C> Clone for VerifierKey<C> {
    fn clone(&self) -> Self {
        VerifierKey {
            vk: self.vk.clone(),
            circuit: self.circuit.clone(),
            srs_kind: self.srs_kind.clone(),
            srs_sha256: self.srs_sha256,
            sha256: self.sha256,
            _circuit: PhantomData,
        }
    }
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
    fn new(
        vk: folded::VerifyingKey,
        circuit: String,
        srs_kind: &SrsKind,
        srs_sha256: Sha256Digest,
    ) -> Self {
        let sha256 = Sha256Digest::of(&payload(&circuit, &vk));
        let (vk, srs_kind) = (Arc::new(vk), srs_kind.clone());
        VerifierKey { vk, circuit, srs_kind, srs_sha256, sha256, _circuit: PhantomData }
    }

    /// Decodes and checks the content of a file of a verifying key.
    ///
    /// # Errors
    ///
    /// Another circuit or k, a malformed key.
    pub fn from_container(container: &Container, params: &C::Params) -> Result<Self> {
        let header = container.header();
        let layout = named_layout::<C>(params)?;
        let expected = layout.name.clone();
        if header.circuit != expected {
            return Err(Error::WrongCircuit { expected, got: printable(&header.circuit) });
        }
        check_size(header, C::k(params), C::fold(params))?;
        let bad = |detail: String| Error::malformed("verifying key", detail);
        let short = || bad("too short".into());
        let (len, rest) = container.payload().split_first_chunk::<4>().ok_or_else(short)?;
        let len = u32::from_le_bytes(*len) as usize;
        if len > CIRCUIT_LIMIT {
            return Err(bad(format!("a circuit's name of {len} bytes")));
        }
        let (circuit, key) = rest.split_at_checked(len).ok_or_else(short)?;
        if circuit != expected.as_bytes() {
            let got = printable(&String::from_utf8_lossy(circuit));
            return Err(Error::WrongCircuit { expected, got });
        }
        let vk = folded::VerifyingKey::from_bytes(key).map_err(|e| bad(e.to_string()))?;
        // Or else a key of other gates could bear this circuit's name.
        if *vk.protocol().shape() != layout.shape || vk.protocol().fold() != C::fold(params) {
            return Err(bad("its columns, gates or fold are not those of the circuit".into()));
        }
        srs::check::check_g2(&G2Affine::generator(), vk.tau_g2(), &header.srs_kind)?;
        let key = Self::new(vk, expected, &header.srs_kind, header.srs_sha256);
        key.check_own_digest(header)?;
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
        let header = ContainerHeader {
            kind: ContainerKind::VerifyingKey,
            circuit: self.circuit.clone(),
            k: self.k(),
            fold: self.fold() as u32,
            srs_kind: self.srs_kind.clone(),
            srs_sha256: self.srs_sha256,
            vk_sha256: self.sha256,
        };
        EncodedContainer::new(&header, payload(&self.circuit, &self.vk))
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
    /// The key as verifier and contract generator take it: protocol, commitments, \[τ\]_2.
    pub fn vk(&self) -> &folded::VerifyingKey {
        &self.vk
    }

    /// What [`circuit_name`] gives: id, parameters, fold and digest of the layout. Stands in key and proof files.
    pub fn circuit(&self) -> &str {
        &self.circuit
    }

    /// Binary logarithm of the number of rows.
    pub fn k(&self) -> u32 {
        self.vk.protocol().shape().k
    }

    /// How many polynomials share a commitment.
    pub fn fold(&self) -> usize {
        self.vk.protocol().fold()
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

fn payload(circuit: &str, vk: &folded::VerifyingKey) -> Vec<u8> {
    let mut bytes = (circuit.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(circuit.as_bytes());
    bytes.extend(vk.to_bytes());
    bytes
}

/// Compares rows and fold in a file's header with those that are needed.
pub(crate) fn check_size(header: &ContainerHeader, k: u32, fold: usize) -> Result<()> {
    if header.k != k {
        return Err(Error::WrongK { expected: k, got: header.k });
    }
    if header.fold as usize != fold {
        return Err(Error::WrongFold { expected: fold, got: header.fold as usize });
    }
    Ok(())
}

/// A name out of a file, fit for a terminal.
fn printable(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}
