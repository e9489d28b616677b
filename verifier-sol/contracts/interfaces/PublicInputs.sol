// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @dev Order of the scalar field: every public input is below it.
uint256 constant SCALAR_FIELD_ORDER =
    0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

/// @dev Public inputs of the statement.
uint256 constant PUBLIC_INPUTS = 10;

/// @dev Public inputs that a Subject is packed into, 31 bytes to each.
uint256 constant SUBJECT_WORDS = 6;

/// @dev The last word of a sealed Subject: 2^248, which no 31 bytes are.
uint256 constant SEALED_MARK = 1 << 248;

// One type for each meaning, so that a value can't stand where another is meant. In the ABI, in
// storage and in topics of events each is the `uint256` that it holds.

/// @dev Root of the key registry; 0 is none.
type RegistryRoot is uint256;

/// @dev H(EMAIL, salt, address): which mailbox sent the mail, without naming it; 0 is none.
type EmailCommitment is uint256;

/// @dev H(NULLIFIER, salt, digest): the same for every proof of one signed header block under one salt.
/// A mail that its From domain signed twice has two blocks, so two nullifiers: it serves to take a block
/// once, not to count mails. What must happen once needs a nonce in the Subject, or one vote for each
/// commitment.
type Nullifier is uint256;

/// @dev 31 bytes of a Subject, big-endian; `SubjectWord[SUBJECT_WORDS]` is a packed Subject. Or, for a
/// sealed one: a command, zeros, and a mark in the last that no 31 bytes are.
type SubjectWord is uint256;

using {equalRoots as ==, differentRoots as !=} for RegistryRoot global;
using {differentWords as !=} for SubjectWord global;
using {isSealed} for RecoveryPublicInputs global;
using {toInstances} for RecoveryPublicInputs global;

/// @notice The public inputs of a proof.
/// @dev The order of the members is the order of the circuit's public inputs, and is said here
/// alone: `toInstances` and the ABI follow it, and a test compares it with the prover's.
/// @param registryRoot Root of the key registry that holds the provider's key.
/// @param emailCommitment Which mailbox sent the mail.
/// @param notBefore The mail's `t=` is not below it, in seconds; 0 says nothing, and is all that can be
/// said where the provider gives no time. The sender chooses it.
/// @param nullifier Which signed header block it was, without telling.
/// @param subject The whole Subject value, or the command that it is sealed over, packed as
/// `RecoverySubject` does.
struct RecoveryPublicInputs {
    RegistryRoot registryRoot;
    EmailCommitment emailCommitment;
    uint256 notBefore;
    Nullifier nullifier;
    SubjectWord[SUBJECT_WORDS] subject;
}

/// @notice The public inputs as the circuit's instance column.
/// @dev The struct is `PUBLIC_INPUTS` static words, so its calldata is the column as it stands.
/// @param inputs The public inputs.
/// @return instances The column.
function toInstances(RecoveryPublicInputs calldata inputs)
    pure
    returns (uint256[] memory instances)
{
    instances = new uint256[](PUBLIC_INPUTS);
    assembly ("memory-safe") {
        calldatacopy(add(instances, 0x20), inputs, mul(0x20, PUBLIC_INPUTS))
    }
}

/// @notice Whether the Subject is read as sealed over a command.
/// @param inputs The public inputs.
function isSealed(RecoveryPublicInputs calldata inputs) pure returns (bool) {
    return SubjectWord.unwrap(inputs.subject[SUBJECT_WORDS - 1]) == SEALED_MARK;
}

function equalRoots(RegistryRoot a, RegistryRoot b) pure returns (bool) {
    return RegistryRoot.unwrap(a) == RegistryRoot.unwrap(b);
}

function differentRoots(RegistryRoot a, RegistryRoot b) pure returns (bool) {
    return RegistryRoot.unwrap(a) != RegistryRoot.unwrap(b);
}

function differentWords(SubjectWord a, SubjectWord b) pure returns (bool) {
    return SubjectWord.unwrap(a) != SubjectWord.unwrap(b);
}
