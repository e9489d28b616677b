// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../../../contracts/EmailRecovery.sol";
import {GuardianId} from "../../../contracts/interfaces/GuardianId.sol";
import {MockedRecoveryTest} from "../MockedRecoveryTest.sol";

/// @notice Guardians at work on any recovery contract, for tests whose subject is what an account
/// makes of a recovery: every mail has a proof.
abstract contract AccountRecoveryTest is MockedRecoveryTest {
    function accept(EmailRecovery recovery, address account, GuardianId commitment) internal {
        string memory subject = recovery.acceptanceSubject(account);
        vm.prank(relayer);
        recovery.acceptGuardian(account, mail(commitment, subject), "");
    }

    function vote(EmailRecovery recovery, address account, GuardianId commitment, address newKey)
        internal
    {
        ensureRound(recovery, account);
        string memory subject = recovery.recoverySubject(account, asOwner(newKey));
        vm.prank(relayer);
        recovery.vote(account, asOwner(newKey), mail(commitment, subject), "");
    }

    /// @dev Alice and Bob accept and vote: the delay begins.
    function startRecovery(EmailRecovery recovery, address account, address newKey) internal {
        accept(recovery, account, ALICE);
        accept(recovery, account, BOB);
        vote(recovery, account, ALICE, newKey);
        vote(recovery, account, BOB, newKey);
    }

    /// @dev The same, and the delay has passed.
    function matureRecovery(EmailRecovery recovery, address account, address newKey) internal {
        startRecovery(recovery, account, newKey);
        vm.warp(block.timestamp + DELAY);
    }

    function execute(EmailRecovery recovery, address account) internal {
        vm.prank(relayer);
        recovery.execute(account);
    }

    function pendingKey(EmailRecovery recovery, address account) internal view returns (address) {
        return asKey(recovery.pendingRecoveryOf(account).newOwner);
    }
}
