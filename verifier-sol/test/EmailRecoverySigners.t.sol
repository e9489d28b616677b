// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailSignatureVerifier} from "../contracts/EmailSignatureVerifier.sol";
import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {GuardianId, SIGNER_MARK, signerId} from "../contracts/interfaces/GuardianId.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";
import {Signers} from "./support/Signers.sol";

/// @notice Guardians that are no mailboxes, beside one that is.
contract EmailRecoverySignersTest is MockedRecoveryTest, Signers {
    function setUp() public override {
        super.setUp();
        deployVerifiers();
        _configureWith(Kind.Key);
    }

    // Every kind

    function test_signers_ofEveryKindAcceptVoteAndCancel() external {
        for (uint256 i = 0; i < KINDS; ++i) {
            uint256 state = vm.snapshotState();
            Kind kind = Kind(i);
            _configureWith(kind);
            accept(ALICE);
            _accept(kind);
            vm.assertTrue(guardian(_id(kind)).accepted);

            vote(ALICE, NEW_KEY);
            _vote(kind, NEW_KEY, now_());
            IEmailRecovery.GuardianStatus memory status = guardian(_id(kind));
            vm.assertEq(status.votedOwner, asVoted(NEW_KEY));
            vm.assertEq(status.votedAt, now_());
            vm.assertTrue(status.votedRoot == asRoot(0));
            vm.assertEq(pendingKey(), NEW_KEY);

            uint256 started = vm.snapshotState();
            voteToCancel(ALICE);
            _voteToCancel(kind);
            vm.assertEq(pendingKey(), address(0));
            vm.revertToState(started);
            vm.warp(pending().executableFrom);
            RECOVERY.execute(address(ACCOUNT));
            vm.assertEq(ACCOUNT.owner(), NEW_KEY);
            vm.revertToState(state);
        }
    }

    /// @dev All kinds in one quorum, with weights.
    function test_signers_ofAllKindsInOneQuorum() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](KINDS + 1);
        for (uint256 i = 0; i < KINDS; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(_id(Kind(i)), uint16(i + 1));
        }
        config.guardians[KINDS] = IEmailRecovery.GuardianWeight(ALICE, 6);
        config.threshold = 21;
        config.cancelThreshold = 21;
        configure(ACCOUNT, config);
        accept(ALICE);
        vote(ALICE, NEW_KEY);
        for (uint256 i = 0; i < KINDS; ++i) {
            _accept(Kind(i));
            vm.assertEq(pendingKey(), address(0));
            _vote(Kind(i), NEW_KEY, now_());
        }
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_signers_areLoggedByTheirIds() external {
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.GuardianAccepted(address(ACCOUNT), _id(Kind.Key));
        _accept(Kind.Key);
        openRound();
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.Voted(
            address(ACCOUNT), nonce(), _id(Kind.Key), asOwner(NEW_KEY), asRoot(0)
        );
        _vote(Kind.Key, NEW_KEY, now_());
    }

    /// @dev A mailbox through our proof as a verifier of ERC-7913, though a commitment is cheaper.
    function test_mailbox_asASignerThroughItsVerifier() external {
        EmailSignatureVerifier mailboxes = new EmailSignatureVerifier(mock, registry);
        bytes memory signer = abi.encodePacked(address(mailboxes), abi.encode(BOB));
        _configureWith(signer);
        uint40 at = now_();
        bytes32 hash = RECOVERY.acceptanceHash(address(ACCOUNT), at);
        RecoveryPublicInputs memory inputs = mail(BOB, RecoverySubject.signature(hash));
        RECOVERY.acceptBySignature(address(ACCOUNT), signer, at, abi.encode(inputs, bytes("")));
        vm.assertTrue(guardian(signerId(signer)).accepted);
    }

    /// @dev EIP-712, computed a second time, from the types as a wallet shows them.
    function test_hashes_areThoseOfTheTypedData() external {
        openRound();
        uint40 at = 1_800_000_123;
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("zkdkim email recovery"),
                keccak256("1"),
                CHAIN,
                address(RECOVERY)
            )
        );
        bytes32 guard = keccak256("Guard(address account,uint64 nonce,uint40 signedAt)");
        bytes32 recover =
            keccak256("Recover(address account,uint64 nonce,bytes newOwner,uint40 signedAt)");
        bytes32 cancel_ = keccak256("Cancel(address account,uint64 nonce,uint40 signedAt)");
        bytes32 owner_ = keccak256(asOwner(NEW_KEY));
        vm.assertEq(
            RECOVERY.acceptanceHash(address(ACCOUNT), at),
            _typed(domain, keccak256(abi.encode(guard, address(ACCOUNT), setupNonce(), at)))
        );
        vm.assertEq(
            RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at),
            _typed(domain, keccak256(abi.encode(recover, address(ACCOUNT), nonce(), owner_, at)))
        );
        vm.assertEq(
            RECOVERY.cancellationHash(address(ACCOUNT), at),
            _typed(domain, keccak256(abi.encode(cancel_, address(ACCOUNT), nonce(), at)))
        );
    }

    // What a signature is not

    function test_signature_revertsWhenItIsOfAnotherMessage() external {
        _accept(Kind.Key);
        openRound();
        uint40 at = now_();
        bytes32[5] memory others = [
            RECOVERY.acceptanceHash(address(ACCOUNT), at),
            RECOVERY.cancellationHash(address(ACCOUNT), at),
            RECOVERY.recoveryHash(address(ACCOUNT), asOwner(OTHER_KEY), at),
            RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at + 1),
            bytes32(0)
        ];
        // Another chain.
        vm.chainId(1);
        others[4] = RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at);
        vm.chainId(CHAIN);
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory signature = signBy(Kind.Key, others[i]);
            _refuseVote(at, signature, _invalid(Kind.Key));
        }
        _refuseVote(at, "", _invalid(Kind.Key));
        _vote(Kind.Key, NEW_KEY, at);
    }

    function test_signature_revertsInTheNextRound() external {
        _accept(Kind.Key);
        openRound();
        uint40 at = now_();
        bytes memory signature =
            signBy(Kind.Key, RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at));
        cancel(ACCOUNT);
        _refuseVote(at, signature, accountError(IEmailRecovery.RoundNotOpen.selector));
        vm.roll(block.number + 1);
        openRound();
        _refuseVote(at, signature, _invalid(Kind.Key));
    }

    function test_signature_revertsWhenItIsOld() external {
        _accept(Kind.Key);
        vm.warp(block.timestamp + 1 hours);
        openRound();
        uint40 opened = now_();
        uint256[2] memory times = [uint256(0), opened - 15 minutes - 1];
        for (uint256 i = 0; i < times.length; ++i) {
            uint40 at = uint40(times[i]);
            _refuseVote(
                at,
                signBy(Kind.Key, RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at)),
                abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, at, opened - 15 minutes)
            );
        }
        uint40 later = opened + 15 minutes + 1;
        _refuseVote(
            later,
            signBy(Kind.Key, RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), later)),
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector, later, opened + 15 minutes
            )
        );
    }

    /// @dev As a mail's: by a later one, in whatever order they arrive, and none counts twice.
    function test_vote_isReplacedByALaterSignature() external {
        _accept(Kind.Key);
        openRound();
        uint40 at = now_();
        _vote(Kind.Key, OTHER_KEY, at);
        bytes memory early =
            signBy(Kind.Key, RECOVERY.recoveryHash(address(ACCOUNT), asOwner(NEW_KEY), at));
        _refuseVote(at, early, abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, at, at));
        _vote(Kind.Key, NEW_KEY, at + 1);
        vm.assertEq(guardian(_id(Kind.Key)).votedOwner, asVoted(NEW_KEY));
        _refuseVote(
            at, early, abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, at, at + 1)
        );
    }

    function test_acceptBySignature_revertsWhenNotGuardianOrAcceptedAlready() external {
        uint40 at = now_();
        bytes memory stranger = asOwner(relayer);
        vm.expectRevert(accountError(IEmailRecovery.NotGuardian.selector, signerId(stranger)));
        RECOVERY.acceptBySignature(address(ACCOUNT), stranger, at, "");
        _accept(Kind.Key);
        bytes memory signer = signerOf(Kind.Key);
        vm.expectRevert(accountError(IEmailRecovery.AlreadyAccepted.selector, _id(Kind.Key)));
        RECOVERY.acceptBySignature(address(ACCOUNT), signer, at, "");
    }

    function test_acceptBySignature_revertsWhenNotConfiguredOrOld() external {
        bytes memory signer = signerOf(Kind.Key);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.acceptBySignature(relayer, signer, now_(), "");
        uint40 early = now_() - 15 minutes - 1;
        bytes memory signature = signBy(Kind.Key, RECOVERY.acceptanceHash(address(ACCOUNT), early));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.MailTooOld.selector, early, block.timestamp - 15 minutes
            )
        );
        RECOVERY.acceptBySignature(address(ACCOUNT), signer, early, signature);
    }

    function test_vote_revertsWhenTheSignerHasNotAcceptedOrIsNone() external {
        openRound();
        _refuseVote(now_(), "", accountError(IEmailRecovery.NotAccepted.selector, _id(Kind.Key)));
        bytes memory stranger = asOwner(relayer);
        vm.expectRevert(accountError(IEmailRecovery.NotGuardian.selector, signerId(stranger)));
        RECOVERY.voteBySignature(address(ACCOUNT), asOwner(NEW_KEY), stranger, now_(), "");
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.voteBySignature(relayer, asOwner(NEW_KEY), stranger, now_(), "");
    }

    function test_voteToCancel_revertsWhenTheSignerMayNot() external {
        accept(ALICE);
        accept(BOB);
        bytes memory signer = signerOf(Kind.Key);
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.voteToCancelBySignature(address(ACCOUNT), signer, now_(), "");
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        vm.expectRevert(accountError(IEmailRecovery.NotAccepted.selector, _id(Kind.Key)));
        RECOVERY.voteToCancelBySignature(address(ACCOUNT), signer, now_(), "");
        bytes memory stranger = asOwner(relayer);
        vm.expectRevert(accountError(IEmailRecovery.NotGuardian.selector, signerId(stranger)));
        RECOVERY.voteToCancelBySignature(address(ACCOUNT), stranger, now_(), "");
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.voteToCancelBySignature(relayer, signer, now_(), "");
        _accept(Kind.Key);
        vm.expectRevert(_invalid(Kind.Key));
        RECOVERY.voteToCancelBySignature(address(ACCOUNT), signer, now_(), "");
        vm.warp(block.timestamp + 1);
        _voteToCancel(Kind.Key);
        vm.assertTrue(guardian(_id(Kind.Key)).votedToCancel);
    }

    /// @dev No word of the registry's takes a signer's vote away, not even of root 0.
    function test_vote_ofASignerOutlastsRevocations() external {
        _accept(Kind.Key);
        accept(ALICE);
        vote(ALICE, NEW_KEY);
        _vote(Kind.Key, NEW_KEY, now_());
        revokeRoot(asRoot(0));
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 2);
        accept(BOB);
        voteToCancel(BOB);
        _voteToCancel(Kind.Key);
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev Bytes that are no signer have an id, as any, and never a signature.
    function test_signers_shorterThanAnAddressSignNothing() external {
        bytes memory signer = hex"0102";
        _configureWith(signer);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.InvalidSignature.selector, signer));
        RECOVERY.acceptBySignature(address(ACCOUNT), signer, now_(), "");
    }

    /// @dev No commitment is the id of a signer.
    function testFuzz_ids_ofSignersAreMarked(bytes memory signer) external pure {
        uint256 id = GuardianId.unwrap(signerId(signer));
        vm.assertGe(id, SIGNER_MARK);
        vm.assertEq(id % SIGNER_MARK, uint256(keccak256(signer)) % SIGNER_MARK);
    }

    function now_() private view returns (uint40) {
        return uint40(block.timestamp);
    }

    function _configureWith(Kind kind) private {
        _configureWith(signerOf(kind));
    }

    function _configureWith(bytes memory signer) private {
        configure(ACCOUNT, twoOfThree([ALICE, BOB, signerId(signer)]));
    }

    function _accept(Kind kind) private {
        uint40 at = now_();
        bytes memory signature = signBy(kind, RECOVERY.acceptanceHash(address(ACCOUNT), at));
        bytes memory signer = signerOf(kind);
        vm.prank(relayer);
        RECOVERY.acceptBySignature(address(ACCOUNT), signer, at, signature);
    }

    function _vote(Kind kind, address newKey, uint40 at) private {
        bytes32 hash = RECOVERY.recoveryHash(address(ACCOUNT), asOwner(newKey), at);
        bytes memory signature = signBy(kind, hash);
        bytes memory signer = signerOf(kind);
        vm.prank(relayer);
        RECOVERY.voteBySignature(address(ACCOUNT), asOwner(newKey), signer, at, signature);
    }

    function _voteToCancel(Kind kind) private {
        uint40 at = now_();
        bytes memory signature = signBy(kind, RECOVERY.cancellationHash(address(ACCOUNT), at));
        bytes memory signer = signerOf(kind);
        vm.prank(relayer);
        RECOVERY.voteToCancelBySignature(address(ACCOUNT), signer, at, signature);
    }

    function _refuseVote(uint40 at, bytes memory signature, bytes memory refusal) private {
        bytes memory signer = signerOf(Kind.Key);
        vm.expectRevert(refusal);
        RECOVERY.voteBySignature(address(ACCOUNT), asOwner(NEW_KEY), signer, at, signature);
    }

    function _invalid(Kind kind) private view returns (bytes memory) {
        return abi.encodeWithSelector(IEmailRecovery.InvalidSignature.selector, signerOf(kind));
    }

    function _id(Kind kind) private view returns (GuardianId) {
        return signerId(signerOf(kind));
    }

    function _typed(bytes32 domain, bytes32 message) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }
}
