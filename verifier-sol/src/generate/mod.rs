//! From a key to the sources of its contracts.
//!
//! ```text
//! VerifyingKey ──► layout ──► identities, opening ──► templates ──► Sources
//!                    ▲  └──────── sizes ───┘
//! ```
//!
//! The program is straight-line code over fixed addresses: the key decides every one of them. What differs between two
//! keys of one circuit, commitments and \[τ\]_2 and the digest, stands in the key contract alone, as do the constants.
//!
//! # Batches
//!
//! The pairs (A_j, B_j) of N proofs are added up with powers ρ^j, ρ hashed from all transcripts. The weight ρ^j goes into
//! the scalars of proof j, so a key's commitment and the generator are multiplied once, by the sum over all proofs.

mod code;
mod identities;
mod key_block;
mod layout;
mod opening;
mod room;

use std::fmt::Write;

use sha3::{Digest, Keccak256};
use zkdkim_plonk::{
    folded::{protocol::Column, VerifyingKey},
    halo2curves::bn256::G2Affine,
    words::{g1_words, g2_words, Word},
};

use self::{
    key_block::KeyBlock,
    layout::{Divisor, Drawn, Layout, Sizes, POINT, WORD},
    opening::{indented, Lines},
    room::{Constants, Room},
};
use crate::{
    artifact::{Metadata, Setup, Sources, SOLC_VERSION},
    error::{Error, Result},
};

const WARNING: &str = "\
/// @custom:security INSECURE: the setup's secret is public. Anybody can forge proofs that this
/// contract accepts. For development only.
";

const CONSTRUCTOR: &str = "    /// @param key The deployed verifying key.
    constructor(address key) {
        if (key.codehash != KEY_CODE_HASH) revert UnknownKey();
        KEY = key;
    }
";

const CONSTRUCTOR_INSECURE: &str = "    /// @param key The deployed verifying key.
    /// @param acknowledgement keccak256 of \"I accept forged proofs\": who deploys must say so.
    constructor(address key, bytes32 acknowledgement) {
        if (acknowledgement != keccak256(\"I accept forged proofs\")) {
            revert InsecureSetupNotAcknowledged();
        }
        if (key.codehash != KEY_CODE_HASH) revert UnknownKey();
        KEY = key;
    }
";

/// Memory that one proof may take: below the price at which its growth begins to count.
const MOST_MEMORY: usize = 1 << 20;
/// Below what can be deployed by what the estimate may be wrong.
const MOST_ESTIMATED_BYTES: usize = 25_000;

/// The printed program.
struct Program {
    fractions: Lines,
    lines: Lines,
    identities: identities::Printed,
    groups: Lines,
}

fn print(vk: &VerifyingKey, room: &mut Room<'_>) -> Program {
    let fractions = opening::fractions(vk, room);
    let lines = opening::lines_at_z(vk, room);
    let identities = identities::print(vk.protocol(), room);
    let groups = opening::groups(vk, room);
    Program { fractions, lines, identities, groups }
}

/// Generates the contracts that verify proofs for a key.
///
/// The same key and metadata give the same bytes on every machine.
///
/// # Errors
///
/// [`Error::Limit`] where the metadata and the key disagree on the number of public inputs; [`Error::Metadata`].
pub fn export(vk: &VerifyingKey, metadata: &Metadata) -> Result<Sources> {
    metadata.check()?;
    let in_code = verifier(vk, metadata, Constants::InCode)?;
    if estimated_bytes(&in_code.verifier_source) <= MOST_ESTIMATED_BYTES {
        return Ok(in_code);
    }
    verifier(vk, metadata, Constants::InKey)
}

/// What a source will be compiled to, roughly: names and operations take a byte, literals their length; a quarter more
/// for the stack.
fn estimated_bytes(source: &str) -> usize {
    let tokens = |line: &str| -> usize {
        let code = line.split("//").next().unwrap_or_default();
        let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let bytes = |word: &str| word.strip_prefix("0x").map_or(1, |hex| 1 + hex.len().div_ceil(2));
        words.filter(|w| !w.is_empty()).map(bytes).sum()
    };
    source.lines().map(tokens).sum::<usize>() * 5 / 4
}

fn verifier(vk: &VerifyingKey, metadata: &Metadata, place: Constants) -> Result<Sources> {
    // The program's needs do not depend on addresses: print once to learn them, once for good.
    let draft = Layout::new(vk, Sizes::default())?;
    let mut room = Room::new(&draft, place);
    print(vk, &mut room);
    let layout = Layout::new(vk, room.sizes())?;
    if layout.public_inputs != metadata.instances {
        let what = "the metadata's number of public inputs";
        return Err(Error::Limit { what, got: metadata.instances, limit: layout.public_inputs });
    }
    if layout.end > MOST_MEMORY {
        let what = "the verifier's memory";
        return Err(Error::Limit { what, got: layout.end, limit: MOST_MEMORY });
    }
    let mut room = Room::new(&layout, place);
    let program = print(vk, &mut room);
    let (forward, backward) = opening::inversions(&layout);

    let key = key_block(vk, &layout, &room);
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
    let inputs: Vec<usize> = (0..layout.public_inputs).map(|i| layout.inputs + WORD * i).collect();
    let verifier = common(include_str!("../../templates/Verifier.sol"))
        .replace("{{warning}}", if insecure { WARNING } else { "" })
        .replace("{{shape}}", &shape(vk))
        .replace("{{key_code_hash}}", &format!("0x{}", hex::encode(code_hash)))
        .replace("{{key_digest}}", &format!("0x{}", hex::encode(metadata.key_digest)))
        .replace("{{addresses}}", &addresses(&layout))
        .replace("{{constructor}}", if insecure { CONSTRUCTOR_INSECURE } else { CONSTRUCTOR })
        .replace("{{copies}}", &opening::copies(&layout).indented(12))
        .replace("{{points}}", &opening::point_checks(&layout).indented(12))
        .replace("{{input_checks}}", &opening::range_checks(&inputs).indented(12))
        .replace(
            "{{scalar_checks}}",
            &opening::range_checks(&layout.all_evaluations()).indented(12),
        )
        .replace("{{transcript}}", &opening::transcript(&layout).indented(12))
        .replace("{{fractions}}", &program.fractions.indented(12))
        .replace("{{forward}}", &forward.indented(12))
        .replace("{{backward}}", &backward.indented(12))
        .replace("{{lines}}", &program.lines.indented(12))
        .replace("{{powers}}", &indented(&program.identities.powers.join("\n"), 12))
        .replace("{{identity_calls}}", &indented(&program.identities.calls.join("\n"), 12))
        .replace("{{identities}}", &indented(&program.identities.functions, 12))
        .replace("{{groups}}", &program.groups.indented(12));
    Ok(Sources {
        contract: contract.to_owned(),
        key_contract: key_contract.to_owned(),
        interface_source: common(include_str!("../../templates/IVerifier.sol")),
        verifier_source: verifier,
        key_source: common(include_str!("../../templates/VerifyingKey.sol"))
            .replace("{{data}}", &key.solidity()),
        key_runtime,
        proof_bytes: layout.proof_bytes,
        metadata: metadata.clone(),
    })
}

fn shape(vk: &VerifyingKey) -> String {
    let protocol = vk.protocol();
    let shape = protocol.shape();
    format!(
        "2^{} rows; {} advice, {} fixed and {} permuted columns; up to {} in a commitment.",
        shape.k,
        shape.advice_phases.len(),
        shape.fixed,
        shape.permutation.len(),
        protocol.fold()
    )
}

/// The key contract's data, in the order of [`Layout`].
fn key_block(vk: &VerifyingKey, layout: &Layout, room: &Room<'_>) -> KeyBlock {
    let mut block = KeyBlock::default();
    let zero = Word::default();
    block.words("pairing: room for the sum of second points", &[zero; 2]);
    block.words("[tau] of G2", &g2_words(vk.tau_g2()));
    block.words("room for the sum of all commitments", &[zero; 2]);
    block.words("minus the generator of G2", &g2_words(&-G2Affine::generator()));
    block.words("sums of scalars", &vec![zero; 1 + layout.key_groups]);
    for (point, group) in vk.commitments().iter().zip(vk.protocol().key_groups()) {
        let columns: Vec<String> = group.columns.iter().map(|c| format!("{c:?}")).collect();
        block.words(&format!("commitment to {}", columns.join(", ")), &g1_words(point));
    }
    block.words("group order, constants", room.constants());
    block.words("the key's digest", &[*vk.digest()]);
    debug_assert_eq!(block.runtime().len(), 1 + layout.key_bytes);
    block
}

/// The named addresses of the template.
fn addresses(layout: &Layout) -> String {
    let mask = layout.evaluation(Column::Mask, 0);
    let groups: [(&str, Vec<(&str, usize)>); 4] = [
        (
            "Sizes.",
            vec![
                ("PUBLIC_INPUTS", layout.public_inputs),
                ("PROOF_BYTES", layout.proof_bytes),
                ("KEY_BYTES", layout.key_bytes),
                ("CHALLENGE_BYTES", layout.challenge_bytes()),
            ],
        ),
        (
            "The key contract's data.",
            vec![
                ("KEY_AT", layout.start()),
                ("PAIRING_AT", layout.pairing),
                ("CONSTANT_AT", layout.accumulators),
                ("KEY_SCALARS_AT", layout.accumulators + WORD),
                ("COMMITMENTS_AT", layout.commitments),
                ("COMMITMENTS_END", layout.commitments + POINT * layout.key_groups),
                ("ORDER", layout.constants),
            ],
        ),
        (
            "Public inputs and proof.",
            vec![
                ("INPUTS_AT", layout.inputs),
                ("MASK", mask),
                ("OPENING_W", layout.w),
                ("OPENING_W2", layout.w_second),
            ],
        ),
        (
            "Computed.",
            vec![
                ("CHALLENGES_AT", layout.challenges),
                ("Y", layout.challenge(Drawn::Y)),
                ("Z", layout.challenge(Drawn::Z)),
                ("V", layout.challenge(Drawn::V)),
                ("U", layout.challenge(Drawn::U)),
                ("LEFT_AT", layout.left),
                ("RIGHT_AT", layout.right),
                ("MODEXP_AT", layout.modexp),
                ("VANISHING_INVERSE", layout.divisor(&Divisor::Vanishing)),
                ("QUOTIENT_EVAL", layout.quotient),
                ("MEMORY_END", layout.end),
            ],
        ),
    ];
    let mut text = String::new();
    for (title, names) in groups {
        let _ = writeln!(text, "    // {title}");
        for (name, value) in names {
            let _ = writeln!(text, "    uint256 private constant {name} = {value:#06x};");
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}
