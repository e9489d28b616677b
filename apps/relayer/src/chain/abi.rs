//! What is called of the contracts, as `verifier-sol/contracts/interfaces` declares it; a value type is the `uint256` that it
//! holds.

#![allow(missing_docs, reason = "the contracts' own documentation says what each of these is")]

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct RecoveryPublicInputs {
        uint256 registryRoot;
        uint256 emailCommitment;
        uint256 notBefore;
        uint256 nullifier;
        uint256[6] subject;
    }

    #[derive(Debug)]
    struct GuardianWeight { uint256 guardian; uint16 weight; }

    #[derive(Debug)]
    struct RecoveryConfig {
        address verifier;
        bytes32 setupAcknowledgement;
        address registry;
        uint256 pinnedRoot;
        uint32 rootDelay;
        uint32 threshold;
        uint32 cancelThreshold;
        uint32 votingPeriod;
        uint32 delay;
        uint32 expiry;
        uint32 maxMailAge;
        uint8 undatedMail;
        uint8 subjectForms;
        GuardianWeight[] guardians;
    }

    #[derive(Debug)]
    struct PendingRecovery { bytes newOwner; uint40 executableFrom; uint40 expiresAt; }

    #[derive(Debug)]
    struct GuardianStatus {
        uint16 weight;
        bool accepted;
        uint40 votedAt;
        bytes32 votedOwner;
        uint256 votedRoot;
        bool votedToCancel;
    }

    #[derive(Debug)]
    interface IEmailRecovery {
        event RecoveryStarted(
            address indexed account,
            uint64 indexed nonce,
            bytes newOwner,
            uint40 executableFrom,
            uint40 expiresAt
        );

        error NotConfigured(address account);
        error NoCode(address target);
        error RoundNotOpen(address account);
        error RoundOpen(address account, uint64 nonce, uint256 closesAt);
        error NotGuardian(address account, uint256 guardian);
        error AlreadyAccepted(address account, uint256 guardian);
        error NotAccepted(address account, uint256 guardian);
        error MailNotNewer(uint256 notBefore, uint256 previous);
        error SubjectFormRefused(uint8 accepted);
        error SubjectMismatch(uint256[6] expected, uint256[6] got);
        error RootNotAccepted(uint256 root);
        error MailTooOld(uint256 notBefore, uint256 oldest);
        error MailFromTheFuture(uint256 notBefore, uint256 latest);
        error UndatedMailRefused();
        error MailAlreadyUsed(address account, uint256 nullifier);
        error InvalidProof();
        error InvalidNewOwner(address account, bytes newOwner);
        error RecoveryPending(address account, uint64 nonce);
        error NoRecoveryPending(address account);
        error DelayNotPassed(uint256 timestamp, uint256 executableFrom);
        error RecoveryExpired(uint256 timestamp, uint256 expiresAt);
        error NotEnoughWeight(uint256 weight, uint256 threshold);
        error BatchLength(uint256 inputs, uint256 proofs);
        error BatchedVoteRefused(uint256 index, bytes reason);

        function openRound(address account) external;
        function acceptGuardian(address account, RecoveryPublicInputs inputs, bytes proof) external;
        function vote(address account, bytes newOwner, RecoveryPublicInputs inputs, bytes proof) external;
        function voteBatch(
            address account,
            bytes newOwner,
            RecoveryPublicInputs[] inputs,
            bytes[] proofs
        ) external;
        function voteToCancel(address account, RecoveryPublicInputs inputs, bytes proof) external;
        function execute(address account) external;

        function roundOf(address account)
            external
            view
            returns (uint64 nonce, uint256 openedAt, uint256 closesAt);
        function setupOf(address account) external view returns (uint64 nonce, uint256 configuredAt);
        function configOf(address account) external view returns (RecoveryConfig);
        function guardianOf(address account, uint256 guardian) external view returns (GuardianStatus);
        function pendingRecoveryOf(address account) external view returns (PendingRecovery);
        function isNullifierUsed(address account, uint256 nullifier) external view returns (bool);
    }

    interface IKeyRegistryRoots {
        function isAcceptedAfter(uint256 root, uint256 delay) external view returns (bool accepted);
        function isRevoked(uint256 root) external view returns (bool revoked);
    }

    interface IERC1271 {
        function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4 magic);
    }

    interface IRecoveryProofVerifier {
        function verifyingKeyDigest() external view returns (bytes32);
    }
}

use alloy::primitives::{Address, Bytes, U256};
use zkdkim_relation::statement::place;

use crate::job::Proven;

/// An owner that is an address, as contracts take owners: its bytes.
pub fn owner(address: Address) -> Bytes {
    Bytes::copy_from_slice(address.as_slice())
}

impl From<&Proven> for RecoveryPublicInputs {
    fn from(proven: &Proven) -> RecoveryPublicInputs {
        let at = |i: usize| -> U256 { proven.inputs[i] };
        RecoveryPublicInputs {
            registryRoot: at(place::REGISTRY_ROOT),
            emailCommitment: at(place::EMAIL_COMMITMENT),
            notBefore: at(place::NOT_BEFORE),
            nullifier: at(place::NULLIFIER),
            subject: std::array::from_fn(|i| at(place::SUBJECT + i)),
        }
    }
}
