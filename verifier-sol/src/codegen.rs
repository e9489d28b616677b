//! Fills the templates: from a plan to Solidity source and the key contract's bytes.

use std::fmt::Write;

use sha3::{Digest, Keccak256};
use zkdkim_plonk::{
    halo2curves::bn256::{Bn256, G1Affine},
    plonk::VerifyingKey,
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};

use zkdkim_plonk::words::Word;

use crate::{
    artifact::{Metadata, Setup, Sources, SOLC_VERSION},
    error::{unsupported, Result},
    expr::Graph,
    key::KeyBlock,
    memory::{GateSizes, Memory},
    plan::{Eval, Plan},
    yul::print_gates,
};

/// Generates the contracts that verify proofs for a key.
///
/// The same key, parameters and metadata give the same bytes on every machine.
pub fn export(
    vk: &VerifyingKey<G1Affine>,
    params: &ParamsKZG<Bn256>,
    metadata: &Metadata,
) -> Result<Sources> {
    metadata.check()?;
    // The contract writes the generator as (1, 2).
    if params.get_g().first() != Some(&G1Affine::generator()) {
        return Err(unsupported("an SRS that does not start with the generator of G1"));
    }
    let plan = Plan::new(vk, metadata.instances)?;
    let graph = Graph::new(vk.cs())?;
    // The gates' needs do not depend on addresses: print once to learn them, once for good.
    let draft = Memory::new(&plan, GateSizes { literals: 0, slots: 0 })?;
    let sizes = print_gates(&graph, &draft, 0).sizes();
    let memory = Memory::new(&plan, sizes)?;
    let printed = print_gates(&graph, &memory, 12);

    let key = KeyBlock::new(&plan, &memory, &printed, params);
    let key_runtime = key.runtime();
    let code_hash: Word = Keccak256::digest(&key_runtime).into();
    let insecure = metadata.srs_kind == Setup::InsecureDev;
    let contract = if insecure { "InsecureDevVerifier" } else { "Verifier" };
    let key_contract = if insecure { "InsecureDevVerifyingKey" } else { "VerifyingKey" };

    let common = |template: &str| {
        template
            .replace("{{solc}}", SOLC_VERSION)
            .replace("{{circuit_id}}", &metadata.circuit_id)
            .replace("{{srs_kind}}", metadata.srs_kind.as_str())
            .replace("{{contract}}", contract)
            .replace("{{key_contract}}", key_contract)
    };
    let verifier = common(include_str!("../templates/Verifier.sol"))
        .replace("{{warning}}", if insecure { WARNING } else { "" })
        .replace("{{shape}}", &shape(&plan))
        .replace("{{key_code_hash}}", &format!("0x{}", hex::encode(code_hash)))
        .replace("{{key_digest}}", &format!("0x{}", hex::encode(metadata.key_digest)))
        .replace("{{k}}", &plan.k.to_string())
        .replace("{{instances}}", &plan.instances.to_string())
        .replace("{{proof_bytes}}", &memory.proof_bytes().to_string())
        .replace("{{key_bytes}}", &memory.key_bytes().to_string())
        .replace("{{chunk_bytes}}", &(2 * plan.chunk).to_string())
        .replace("{{addresses}}", &addresses(&plan, &memory))
        .replace("{{constructor}}", if insecure { CONSTRUCTOR_INSECURE } else { CONSTRUCTOR })
        .replace("{{transcript}}", &transcript(&plan, &memory))
        .replace("{{instance_evals}}", &instance_evals(&plan, &memory))
        .replace("{{gate_calls}}", &gate_calls(&graph))
        .replace("{{combined}}", &combined(&plan, &memory))
        .replace("{{gates}}", printed.functions.trim_end());

    Ok(Sources {
        contract: contract.to_owned(),
        key_contract: key_contract.to_owned(),
        interface_source: common(include_str!("../templates/IVerifier.sol")),
        verifier_source: verifier,
        key_source: common(include_str!("../templates/VerifyingKey.sol"))
            .replace("{{data}}", &key.solidity()),
        key_runtime,
        proof_bytes: memory.proof_bytes(),
        metadata: metadata.clone(),
    })
}

pub(crate) const WARNING: &str = "\
/// @custom:security INSECURE: the setup's secret is public. Anybody can forge proofs that this
/// contract accepts. For development only.
";

pub(crate) const CONSTRUCTOR: &str = "    /// @param key The deployed verifying key.
    constructor(address key) {
        if (key.codehash != KEY_CODE_HASH) revert UnknownKey();
        KEY = key;
    }
";

pub(crate) const CONSTRUCTOR_INSECURE: &str = "    /// @param key The deployed verifying key.
    /// @param acknowledgement keccak256 of \"I accept forged proofs\": who deploys must say so.
    constructor(address key, bytes32 acknowledgement) {
        if (acknowledgement != keccak256(\"I accept forged proofs\")) {
            revert InsecureSetupNotAcknowledged();
        }
        if (key.codehash != KEY_CODE_HASH) revert UnknownKey();
        KEY = key;
    }
";

fn shape(plan: &Plan) -> String {
    format!(
        "2^{} rows; {} advice, {} fixed and {} permuted columns; quotient of {} pieces.",
        plan.k,
        plan.advice(),
        plan.fixed.len(),
        plan.permutation.len(),
        plan.quotient_pieces
    )
}

/// The named addresses of the template.
fn addresses(plan: &Plan, memory: &Memory) -> String {
    let constant = |i: usize| memory.constants + 0x20 * i;
    let challenge = |i: usize| memory.challenge(plan.challenges + i);
    let offset = memory.inverses - memory.denominators;
    let groups: [(&str, Vec<(&str, usize)>); 4] = [
        (
            "The key contract's data.",
            vec![
                ("KEY_AT", memory.start()),
                ("PAIRING_AT", memory.pairing),
                ("ORDER", constant(0)),
                ("N_INVERSE", constant(1)),
                ("OMEGA", constant(2)),
                ("OMEGA_FIRST", constant(3)),
                ("DELTA", constant(4)),
                ("ROTATIONS_AT", memory.rotations),
                ("PERMUTATION_TABLE_AT", memory.permutation_table),
                ("PERMUTATION_TABLE_END", memory.permutation_table + 2 * plan.permutation.len()),
                ("SETS_TABLE_AT", memory.sets_table),
                ("SETS_TABLE_END", memory.sets_table + 2 * crate::memory::table_len(plan)),
            ],
        ),
        (
            "Public inputs and proof.",
            vec![
                ("INSTANCES_AT", memory.instances),
                ("PROOF_AT", memory.proof),
                ("FIRST_COMMITMENT", memory.poly(plan.sets[0].polys[0].0)),
                ("QUOTIENT_PIECES_AT", memory.quotient_points),
                ("EVALS_AT", memory.evals),
                ("SIGMA_EVALS_AT", memory.sigma_evals),
                ("PRODUCT_EVALS_AT", memory.product_evals),
                ("LAST_PRODUCT_EVAL", memory.eval(Eval::Product(plan.products - 1))),
                ("OPENING_AT", memory.opening),
                ("PROOF_END", memory.proof_end),
            ],
        ),
        (
            "Challenges.",
            vec![
                ("BETA", challenge(1)),
                ("GAMMA", challenge(2)),
                ("Y", challenge(3)),
                ("X", challenge(4)),
                ("W", challenge(5)),
                ("V", challenge(6)),
                ("U", challenge(7)),
            ],
        ),
        (
            "Computed.",
            vec![
                ("QUOTIENT_POINT", memory.quotient_point),
                ("QUOTIENT_EVAL", memory.quotient_eval),
                ("CURVE_AT", memory.curve),
                ("COMBINED_AT", memory.combined),
                ("DENOMINATORS_AT", memory.denominators),
                ("ROTATION_DENOMINATORS_AT", memory.rotation_denominators),
                ("X_DENOMINATOR_AT", memory.x_denominator),
                ("INVERSES_AT", memory.inverses),
                ("INVERSE_OFFSET", offset),
                ("X_INVERSE", memory.x_denominator + offset),
                ("VANISHING_INVERSE", memory.x_denominator + 0x20 + offset),
                ("L_LAST", memory.lagrange(plan.last_rotation())),
                ("L_BLIND_FIRST", memory.lagrange(plan.last_rotation() + 1)),
                ("L_0", memory.lagrange(0)),
                ("MEMORY_END", memory.end),
            ],
        ),
    ];
    let mut text = String::new();
    for (title, names) in groups {
        let _ = writeln!(text, "    // {title}");
        for (name, address) in names {
            let _ = writeln!(text, "    uint256 private constant {name} = {address:#06x};");
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// Hashing steps, in the order of the protocol.
fn transcript(plan: &Plan, memory: &Memory) -> String {
    let mut steps = Steps { text: String::new(), at: memory.digest, first: true };
    let mut end = memory.proof;
    for phase in &plan.phases {
        end += 0x40 * phase.advice.len();
        for &challenge in &phase.challenges {
            steps.challenge(end, memory.challenge(challenge), "");
        }
    }
    let own = |i: usize| memory.challenge(plan.challenges + i);
    steps.challenge(end, own(0), "theta, of the lookups that this circuit has none of");
    steps.challenge(end, own(1), "beta");
    steps.challenge(end, own(2), "gamma");
    steps.challenge(memory.quotient_points, own(3), "y");
    steps.challenge(memory.evals, own(4), "x");
    steps.challenge(memory.opening, own(5), "w");
    steps.challenge(memory.opening, own(6), "v");
    steps.challenge(memory.opening + 0x40, own(7), "u");
    steps.text.trim_end().to_owned()
}

struct Steps {
    text: String,
    at: usize,
    first: bool,
}

impl Steps {
    /// A challenge after everything before `end`.
    fn challenge(&mut self, end: usize, target: usize, name: &str) {
        let hash = if self.first {
            format!("let hash := keccak256({:#x}, {:#x})", self.at, end - self.at)
        } else if end > self.at {
            format!("hash := absorb(hash, {:#x}, {end:#x})", self.at)
        } else {
            "hash := again(hash)".to_owned()
        };
        let name = if name.is_empty() { String::new() } else { format!(" // {name}") };
        let _ = writeln!(self.text, "            {hash}");
        let _ = writeln!(self.text, "            mstore({target:#x}, mod(hash, R)){name}");
        self.at = end;
        self.first = false;
    }
}

fn instance_evals(plan: &Plan, memory: &Memory) -> String {
    let mut text = String::new();
    for (index, rotation) in plan.instance_queries.iter().enumerate() {
        let target = memory.eval(Eval::Instance(index));
        let lagrange = if plan.instances > 0 { memory.lagrange(-rotation) } else { 0 };
        let _ = writeln!(text, "            mstore({target:#x}, instance({lagrange:#x}))");
    }
    text.trim_end().to_owned()
}

/// Horner's rule in w over each set's polynomials, for each of its points.
fn combined(plan: &Plan, memory: &Memory) -> String {
    let mut text = String::new();
    let mut target = memory.combined;
    for set in &plan.sets {
        for (place, rotation) in set.rotations.iter().enumerate() {
            let mut evals = set.polys.iter().rev().map(|(_, evals)| memory.eval(evals[place]));
            let last = evals.next().expect("a set has a polynomial");
            let _ = writeln!(text, "            // {} at rotation {rotation}", set.polys.len());
            let _ = writeln!(text, "            e := mload({last:#x})");
            for eval in evals {
                let _ = writeln!(text, "            e := add(mulmod(e, w, r), mload({eval:#x}))");
            }
            let _ = writeln!(text, "            mstore({target:#x}, e)");
            target += 0x20;
        }
    }
    text.trim_end().to_owned()
}

fn gate_calls(graph: &Graph) -> String {
    (0..graph.gates.len())
        .map(|i| format!("            total := gate_{i}(total, combiner, order)"))
        .collect::<Vec<_>>()
        .join("\n")
}
