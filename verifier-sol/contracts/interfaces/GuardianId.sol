// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailCommitment, SCALAR_FIELD_ORDER} from "./PublicInputs.sol";

/// @dev Set in the id of every signer, and in that of no mailbox: commitments are below the scalar field's order.
uint256 constant SIGNER_MARK = 1 << 255;

/// @dev Who a guardian is. A mailbox: its commitment. A signer of ERC-7913 (20 bytes of an address, or a
/// verifier's address and a key): 255 bits of the keccak256 of its bytes, and `SIGNER_MARK`. Both hide whom
/// they name; a signer is seen when it acts.
type GuardianId is uint256;

using {equalGuardians as ==} for GuardianId global;
using {isGuardianId} for GuardianId global;

/// @notice The id of a mailbox.
/// @param commitment The mailbox.
function mailboxId(EmailCommitment commitment) pure returns (GuardianId) {
    return GuardianId.wrap(EmailCommitment.unwrap(commitment));
}

/// @notice The id of a signer.
/// @param signer The signer's bytes, as in ERC-7913.
function signerId(bytes memory signer) pure returns (GuardianId) {
    return GuardianId.wrap(uint256(keccak256(signer)) | SIGNER_MARK);
}

/// @notice Whether it can be somebody's.
/// @param id The id.
function isGuardianId(GuardianId id) pure returns (bool) {
    uint256 value = GuardianId.unwrap(id);
    return value >= SIGNER_MARK || (value != 0 && value < SCALAR_FIELD_ORDER);
}

function equalGuardians(GuardianId a, GuardianId b) pure returns (bool) {
    return GuardianId.unwrap(a) == GuardianId.unwrap(b);
}
