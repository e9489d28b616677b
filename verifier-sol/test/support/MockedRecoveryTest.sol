// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {GuardianId} from "../../contracts/interfaces/GuardianId.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot
} from "../../contracts/interfaces/PublicInputs.sol";
import {MockProofVerifier} from "./MockProofVerifier.sol";
import {OwnedAccount} from "./OwnedAccount.sol";
import {RecoveryTest} from "./RecoveryTest.sol";

/// @notice For tests of what surrounds proofs: every mail has a proof. A two-of-three
/// configuration is set; the tests say who has accepted.
abstract contract MockedRecoveryTest is RecoveryTest {
    GuardianId internal constant ALICE = GuardianId.wrap(0xa11ce);
    GuardianId internal constant BOB = GuardianId.wrap(0xb0b);
    GuardianId internal constant CAROL = GuardianId.wrap(0xca401);
    GuardianId internal constant MALLORY = GuardianId.wrap(0x3a110);
    RegistryRoot internal constant ROOT = RegistryRoot.wrap(0x1001);
    RegistryRoot internal constant NEXT_ROOT = RegistryRoot.wrap(0x1002);

    MockProofVerifier internal mock;
    uint256 private _mails;

    function setUp() public virtual override {
        super.setUp();
        mock = new MockProofVerifier();
        verifier = mock;
        RegistryRoot[] memory roots = new RegistryRoot[](2);
        (roots[0], roots[1]) = (ROOT, NEXT_ROOT);
        acceptRoots(roots);
        vm.warp(START);
        configure(ACCOUNT, defaultConfig());
    }

    function defaultConfig() internal view returns (IEmailRecovery.RecoveryConfig memory) {
        return twoOfThree([ALICE, BOB, CAROL]);
    }

    /// @dev A mail of this moment, with a nullifier of its own.
    function mail(GuardianId commitment, string memory subject)
        internal
        returns (RecoveryPublicInputs memory)
    {
        return RecoveryPublicInputs({
            registryRoot: ROOT,
            emailCommitment: asMailbox(commitment),
            notBefore: block.timestamp,
            nullifier: Nullifier.wrap(++_mails),
            subject: RecoverySubject.pack(subject)
        });
    }

    function acceptance(GuardianId commitment) internal returns (RecoveryPublicInputs memory) {
        return mail(commitment, RECOVERY.acceptanceSubject(address(ACCOUNT)));
    }

    /// @dev Opens a round where none is open.
    function ballot(GuardianId commitment, address newKey)
        internal
        returns (RecoveryPublicInputs memory)
    {
        openRound();
        return mail(commitment, RECOVERY.recoverySubject(address(ACCOUNT), asOwner(newKey)));
    }

    function cancellation(GuardianId commitment) internal returns (RecoveryPublicInputs memory) {
        return mail(commitment, RECOVERY.cancellationSubject(address(ACCOUNT)));
    }

    /// @dev Unless one is open.
    function openRound() internal {
        ensureRound(RECOVERY, address(ACCOUNT));
    }

    function accept(GuardianId commitment) internal {
        submitAcceptance(acceptance(commitment));
    }

    function acceptAll() internal {
        accept(ALICE);
        accept(BOB);
        accept(CAROL);
    }

    function vote(GuardianId commitment, address newKey) internal {
        submitVote(newKey, ballot(commitment, newKey));
    }

    function voteToCancel(GuardianId commitment) internal {
        submitCancellation(cancellation(commitment));
    }

    function submitCancellation(RecoveryPublicInputs memory inputs) internal {
        vm.prank(relayer);
        RECOVERY.voteToCancel(address(ACCOUNT), inputs, "");
    }

    function refuseCancellation(RecoveryPublicInputs memory inputs, bytes memory refusal) internal {
        vm.expectRevert(refusal);
        submitCancellation(inputs);
    }

    function submitAcceptance(RecoveryPublicInputs memory inputs) internal {
        vm.prank(relayer);
        RECOVERY.acceptGuardian(address(ACCOUNT), inputs, "");
    }

    function submitVote(address newKey, RecoveryPublicInputs memory inputs) internal {
        vm.prank(relayer);
        RECOVERY.vote(address(ACCOUNT), asOwner(newKey), inputs, "");
    }

    function refuseAcceptance(RecoveryPublicInputs memory inputs, bytes memory refusal) internal {
        vm.expectRevert(refusal);
        submitAcceptance(inputs);
    }

    function refuseVote(address newKey, RecoveryPublicInputs memory inputs, bytes memory refusal)
        internal
    {
        vm.expectRevert(refusal);
        submitVote(newKey, inputs);
    }

    /// @dev What is said to inputs whose Subject is not this text.
    function subjectMismatch(string memory expected, RecoveryPublicInputs memory got)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IEmailRecovery.SubjectMismatch.selector, RecoverySubject.pack(expected), got.subject
        );
    }

    /// @dev What is said to a mail that is no vote for this key now.
    function notThisBallot(address newKey, RecoveryPublicInputs memory got)
        internal
        view
        returns (bytes memory)
    {
        return subjectMismatch(RECOVERY.recoverySubject(address(ACCOUNT), asOwner(newKey)), got);
    }

    /// @dev What is said to a mail that is no acceptance now.
    function notThisAcceptance(RecoveryPublicInputs memory got)
        internal
        view
        returns (bytes memory)
    {
        return subjectMismatch(RECOVERY.acceptanceSubject(address(ACCOUNT)), got);
    }

    function accountError(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, address(ACCOUNT));
    }

    function accountError(bytes4 selector, GuardianId commitment)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(selector, address(ACCOUNT), commitment);
    }

    function accountError(bytes4 selector, Nullifier nullifier)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(selector, address(ACCOUNT), nullifier);
    }

    /// @dev All have accepted, Alice and Bob have voted.
    function startRecovery(address newKey) internal {
        acceptAll();
        vote(ALICE, newKey);
        vote(BOB, newKey);
    }

    /// @dev Of the open round; 0 where none is open.
    function nonce() internal view returns (uint64 nonce_) {
        (nonce_,,) = RECOVERY.roundOf(address(ACCOUNT));
    }

    /// @dev What acceptances must name.
    function setupNonce() internal view returns (uint64 nonce_) {
        (nonce_,) = RECOVERY.setupOf(address(ACCOUNT));
    }

    /// @dev The key that the pending recovery sets; zero where none is pending.
    function pendingKey() internal view returns (address) {
        return asKey(pending().newOwner);
    }

    function pending() internal view returns (IEmailRecovery.PendingRecovery memory) {
        return RECOVERY.pendingRecoveryOf(address(ACCOUNT));
    }

    function guardian(GuardianId commitment)
        internal
        view
        returns (IEmailRecovery.GuardianStatus memory)
    {
        return RECOVERY.guardianOf(address(ACCOUNT), commitment);
    }
}
