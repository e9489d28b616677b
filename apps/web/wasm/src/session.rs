//! The operations of a worker, and the keys that it holds between them.

use rand::rngs::OsRng;
use serde_json::{json, Value};
use zeroize::Zeroizing;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    container::Container,
    digest::Sha256Digest,
    folded::Cosets,
    keys::{ProverKey, VerifierKey},
    kinds::ContainerKind,
    progress::Progress,
    srs::{packed, Srs},
};
use zkdkim_prover::{
    hex_form::{bytes_hex, field_hex},
    prepare_under, salt_file, Proof, Prover, PublicView, Salt, Sealing, Verifier,
};
use zkdkim_relation::{
    commitment::email_commitment,
    header::parse_mailbox,
    inspect::{inspect_under, KeySource},
    DnsRecords, KeyRegistry,
};

use crate::{
    fault::Fault,
    find::{self, Finding},
    options::{read, LoadOptions, MessageOptions, SubjectOptions, VerifyOptions},
    reports::{self, judge},
    salts::{self, Asking},
};

/// 66 MB less for k = 14, and ready sooner, for a tenth of a proof's time.
const COSETS: Cosets = Cosets::Recomputed;
/// More than any provider delivers; the limit of the command line.
const MESSAGE_LIMIT: usize = 64 << 20;
const DNS_LIMIT: usize = 16 << 20;
const REGISTRY_LIMIT: usize = 64 << 20;
const PROOF_LIMIT: usize = 1 << 20;
const ADDRESS_LIMIT: usize = 1024;

/// What a worker can be asked for. The numbers are those of the raw interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Options, mail, key records, registry (one of the two empty): every rule with its outcome.
    Inspect = 0,
    /// Options, mail, salt's file, registry: the proof file and what it says.
    Prove = 1,
    /// Options, proof file: what it says.
    Verify = 2,
    /// Address, salt's file: what the account stores.
    Commitment = 3,
    /// Nothing: a salt's file.
    Salt = 4,
    /// Options: the Subject to write.
    Subject = 5,
    /// Options, SRS, verifying key: makes the worker ready to prove.
    Load = 6,
    /// A packed SRS: the SRS' file.
    Unpack = 7,
    /// Options (layout), verifying key: makes the worker ready to verify.
    LoadVerifier = 8,
    /// An SRS' file: the same packed. For who builds a page.
    Pack = 9,
    /// Record options, committee record, address, salt's file: the salt encrypted to the address.
    Escrow = 10,
    /// Options, record options, mail, registry, committee record: what the new key has to sign.
    SaltRequest = 11,
    /// The new key's signature: a body for each node.
    SaltSeal = 12,
    /// Answers of nodes, escrows: the salts that open.
    SaltOpen = 13,
    /// Record options, a block, committee record: the Subject that opens a mailbox's salts, and its one-time key.
    FindSubject = 14,
    /// Options, record options, mail, registry, committee record, one-time key: a body for each node.
    FindSeal = 15,
    /// Answers of nodes: makes the worker ready to try escrows.
    FindKey = 16,
    /// A batch of published escrows: the salts that open, with their accounts.
    FindTry = 17,
    /// Nothing: forgets the mailbox's key.
    FindEnd = 18,
}

impl Operation {
    /// The operation of a number.
    pub fn from_number(number: u32) -> Option<Self> {
        use Operation::*;
        const ALL: [Operation; 19] = [
            Inspect,
            Prove,
            Verify,
            Commitment,
            Salt,
            Subject,
            Load,
            Unpack,
            LoadVerifier,
            Pack,
            Escrow,
            SaltRequest,
            SaltSeal,
            SaltOpen,
            FindSubject,
            FindSeal,
            FindKey,
            FindTry,
            FindEnd,
        ];
        ALL.get(number as usize).copied()
    }

    /// Whether it has work for several threads.
    pub fn is_shared_out(self) -> bool {
        use Operation::*;
        matches!(self, Prove | Load | Unpack | FindTry)
    }
}

/// One argument; overwritten when dropped, as it may be a mail or a salt.
pub type Argument = Zeroizing<Vec<u8>>;

/// A worker's state.
#[derive(Default)]
pub struct Session {
    prover: Option<Prover>,
    verifying_key: Option<VerifierKey<StatementCircuit>>,
    /// Until the nodes' answers are opened.
    asking: Option<Asking>,
    /// While a mailbox's accounts are looked for.
    finding: Option<Finding>,
}

impl Session {
    /// Runs an operation to its bytes: JSON, but for packing and unpacking.
    pub fn call(
        &mut self,
        operation: Operation,
        arguments: Vec<Argument>,
        progress: &dyn Progress,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().unwrap_or_default();
        let json = match operation {
            Operation::Inspect => inspect(&next(), &next(), &next(), &next())?,
            Operation::Prove => self.prove(&next(), &next(), &next(), &next(), progress)?,
            Operation::Verify => self.verify(&next(), &next())?,
            Operation::Commitment => commitment(&next(), &next())?,
            Operation::Salt => json!({ "salt": *salt_file::to_json(&Salt::random(&mut OsRng)) }),
            Operation::Subject => subject(&next())?,
            Operation::Load => self.load(&next(), next(), next(), progress)?,
            Operation::LoadVerifier => self.load_verifier(&next(), next())?,
            Operation::Pack => return Ok(Zeroizing::new(packed::pack(&next())?)),
            Operation::Unpack => return Ok(Zeroizing::new(packed::unpack(&next())?)),
            Operation::Escrow => escrow(&next(), &next(), &next(), &next())?,
            Operation::SaltRequest => {
                self.salt_request(&next(), &next(), &next(), &next(), &next())?
            }
            Operation::SaltSeal => self.asking.as_mut().ok_or_else(nothing_asked)?.seal(&next())?,
            Operation::SaltOpen => {
                self.asking.take().ok_or_else(nothing_asked)?.open(&next(), &next())?
            }
            Operation::FindSubject => find::subject(&read(&next())?, &read(&next())?, &next())?,
            Operation::FindSeal => {
                self.find_seal(&next(), &next(), &next(), &next(), &next(), &next())?
            }
            Operation::FindKey => {
                let asking = self.asking.take().ok_or_else(nothing_asked)?;
                let (finding, json) = Finding::new(asking, &next())?;
                self.finding = Some(finding);
                json
            }
            Operation::FindTry => {
                self.finding.as_ref().ok_or_else(nothing_asked)?.attempt(&next())?
            }
            Operation::FindEnd => {
                self.finding = None;
                json!({})
            }
        };
        // A value of strings and numbers: nothing that the serialiser could refuse.
        Ok(Zeroizing::new(serde_json::to_vec(&json).unwrap_or_default()))
    }

    fn load(
        &mut self,
        options: &[u8],
        srs: Argument,
        key: Argument,
        progress: &dyn Progress,
    ) -> Result<Value, Fault> {
        let options: LoadOptions = read(options)?;
        let params = options.params()?;
        let known = Sha256Digest::from_hex(&options.srs_sha256)
            .ok_or_else(|| Fault::input("srsSha256", "not 64 hexadecimal digits"))?;
        // Before anything is taken: a failure leaves no half of another layout.
        (self.prover, self.verifying_key) = (None, None);
        // The first runs on this thread, which is the one that can tell the page.
        let (key, srs) = rayon::join(
            || -> Result<_, Fault> {
                let verifier = verifying_key(key, &params)?;
                Ok(ProverKey::complete_with(verifier, &params, COSETS, progress)?)
            },
            || {
                let container = Container::from_bytes(owned(srs), ContainerKind::Srs)?;
                Srs::from_known_container(container, known)
            },
        );
        let key = key?;
        let verifier = key.verifier().clone();
        self.prover = Some(Prover::new(srs?, key, params)?);
        let loaded = about(&verifier);
        self.verifying_key = Some(verifier);
        Ok(loaded)
    }

    fn load_verifier(&mut self, options: &[u8], key: Argument) -> Result<Value, Fault> {
        let key = verifying_key(key, &read::<LoadOptions>(options)?.params()?)?;
        let loaded = about(&key);
        self.verifying_key = Some(key);
        Ok(loaded)
    }

    fn prove(
        &self,
        options: &[u8],
        mail: &[u8],
        salt: &[u8],
        registry: &[u8],
        progress: &dyn Progress,
    ) -> Result<Value, Fault> {
        let prover = self.prover.as_ref().ok_or_else(not_loaded)?;
        let options: MessageOptions = read(options)?;
        check_size("mail", mail, MESSAGE_LIMIT)?;
        let salt = salt_file::from_json(salt)?;
        let registry = read_registry(registry)?;
        let (policy, reveal) = (options.policy(), options.reveal()?);
        let inspection = inspect_under(mail, KeySource::Registry(&registry), &policy);
        let (outcome, notes) = judge(&inspection, &options)?;
        outcome?;
        let prepared = prepare_under(mail, &salt, &registry, &policy, &reveal)?;
        let circuit = prover.circuit(&prepared)?;
        let proof = prover.prove_circuit(circuit, &prepared.public, OsRng, progress)?;
        Ok(json!({
            "verdict": "proved",
            "holds": inspection.holds,
            "notes": notes,
            "file": proof.to_json(),
            "calldata": bytes_hex(&proof.calldata()),
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "public": PublicView::new(&proof.public_inputs)?,
        }))
    }

    fn salt_request(
        &mut self,
        options: &[u8],
        asked: &[u8],
        mail: &[u8],
        registry: &[u8],
        record: &[u8],
    ) -> Result<Value, Fault> {
        let options: MessageOptions = read(options)?;
        check_size("mail", mail, MESSAGE_LIMIT)?;
        let registry = read_registry(registry)?;
        let inspection = inspect_under(mail, KeySource::Registry(&registry), &options.policy());
        let (outcome, _) = judge(&inspection, &options)?;
        let asking = Asking::new(&read(asked)?, record, outcome?)?;
        let json = json!({ "text": asking.text() });
        self.asking = Some(asking);
        Ok(json)
    }

    fn find_seal(
        &mut self,
        options: &[u8],
        asked: &[u8],
        mail: &[u8],
        registry: &[u8],
        record: &[u8],
        key: &[u8],
    ) -> Result<Value, Fault> {
        let options: MessageOptions = read(options)?;
        check_size("mail", mail, MESSAGE_LIMIT)?;
        let registry = read_registry(registry)?;
        let inspection = inspect_under(mail, KeySource::Registry(&registry), &options.policy());
        let (outcome, _) = judge(&inspection, &options)?;
        let (asking, json) = find::seal(&read(asked)?, record, outcome?, key)?;
        self.asking = Some(asking);
        Ok(json)
    }

    fn verify(&self, options: &[u8], proof: &[u8]) -> Result<Value, Fault> {
        let key = self.verifying_key.clone().ok_or_else(not_loaded)?;
        let options: VerifyOptions = read(options)?;
        check_size("proof", proof, PROOF_LIMIT)?;
        let proof = Proof::from_json(proof)?;
        let verifier = match options.allow_insecure_dev {
            true => Verifier::allowing_insecure_dev(key),
            false => Verifier::new(key)?,
        };
        let verified = verifier.verify(&proof, &options.expected()?)?;
        Ok(json!({
            "verdict": "valid",
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "checked": verified.checked,
            "unchecked": verified.unchecked,
            "public": verified.public,
        }))
    }
}

fn owned(mut argument: Argument) -> Vec<u8> {
    std::mem::take(&mut *argument)
}

fn nothing_asked() -> Fault {
    Fault::input("salt", "no salt is being asked for in this worker")
}

fn not_loaded() -> Fault {
    Fault::input("keys", "no keys are loaded in this worker")
}

fn verifying_key(
    file: Argument,
    params: &CircuitParams,
) -> Result<VerifierKey<StatementCircuit>, Fault> {
    let container = Container::from_bytes(owned(file), ContainerKind::VerifyingKey)?;
    Ok(VerifierKey::from_container(&container, params)?)
}

fn about(key: &VerifierKey<StatementCircuit>) -> Value {
    json!({
        "srs": key.srs_kind(),
        "insecure": key.srs_kind().is_insecure(),
        "vk_sha256": key.sha256().to_string(),
        "srs_sha256": key.srs_sha256().to_string(),
    })
}

fn check_size(what: &'static str, bytes: &[u8], limit: usize) -> Result<(), Fault> {
    if bytes.len() <= limit {
        return Ok(());
    }
    let detail = format!("{} bytes; at most {limit} are read", bytes.len());
    Err(Fault::input(what, detail))
}

fn text<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::input(what, "no text in UTF-8"))
}

fn read_registry(bytes: &[u8]) -> Result<KeyRegistry, Fault> {
    check_size("registry", bytes, REGISTRY_LIMIT)?;
    Ok(KeyRegistry::from_json(text("registry", bytes)?)?)
}

fn inspect(options: &[u8], mail: &[u8], dns: &[u8], registry: &[u8]) -> Result<Value, Fault> {
    let options: MessageOptions = read(options)?;
    check_size("mail", mail, MESSAGE_LIMIT)?;
    let policy = options.policy();
    let inspection = match (dns.is_empty(), registry.is_empty()) {
        (true, false) => {
            let registry = read_registry(registry)?;
            inspect_under(mail, KeySource::Registry(&registry), &policy)
        }
        (false, true) => {
            check_size("dns", dns, DNS_LIMIT)?;
            let records = DnsRecords::read(text("dns", dns)?)
                .map_err(|e| Fault::input("dns", format!("{}; {}", e.what, e.hint)))?;
            inspect_under(mail, KeySource::Dns(&records), &policy)
        }
        _ => return Err(Fault::input("keys", "give either a registry or key records (dns)")),
    };
    reports::inspection(&inspection, &options)
}

fn escrow(options: &[u8], record: &[u8], address: &[u8], salt: &[u8]) -> Result<Value, Fault> {
    check_size("address", address, ADDRESS_LIMIT)?;
    salts::escrow(&read(options)?, record, text("address", address)?, salt)
}

fn commitment(address: &[u8], salt: &[u8]) -> Result<Value, Fault> {
    check_size("address", address, ADDRESS_LIMIT)?;
    let salt = salt_file::from_json(salt)?;
    let mailbox = parse_mailbox(address, 0..address.len())
        .map_err(|refusal| Fault::input("address", refusal.detail))?;
    if mailbox.address != (0..address.len()) {
        let detail = "more than a plain address, such as ann@example.org";
        return Err(Fault::input("address", detail));
    }
    let address = address.to_ascii_lowercase();
    let commitment = email_commitment(&salt, &address)
        .ok_or_else(|| Fault::input("address", "longer than 124 bytes"))?;
    let address = String::from_utf8_lossy(&address);
    Ok(json!({ "address": address, "commitment": field_hex(&commitment.0) }))
}

fn subject(options: &[u8]) -> Result<Value, Fault> {
    let options: SubjectOptions = read(options)?;
    if !options.sealed {
        let subject = options.command.command()?.to_string();
        return Ok(json!({ "subject": subject, "reading": "clear" }));
    }
    let sealing = Sealing::new(options.hash()?, &mut OsRng);
    Ok(json!({
        "subject": sealing.subject(),
        "reading": "sealed",
        "command": bytes_hex(&sealing.command.0),
        "sealing": *sealing.to_json(),
    }))
}
