// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {OwnerBytes} from "./OwnerBytes.sol";
import {RecoveryConfigs} from "./RecoveryConfigs.sol";
import {GuardianId} from "./interfaces/GuardianId.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {Nullifier, RegistryRoot} from "./interfaces/PublicInputs.sol";

/// @title What recovery keeps
/// @notice Configurations, rounds, votes and used mails of all accounts, and what follows from them.
/// @dev The only storage of `EmailRecovery` and of its other half, `EmailRecoveryChanges`, which acts on it by
/// DELEGATECALL: in both it begins at slot 0. An integration's own variables come after it, so `EmailRecovery` is
/// the first of its bases that has any.
abstract contract EmailRecoveryStorage {
    /// @notice How long a change can be applied after its delay.
    uint256 public constant CHANGE_PERIOD = 14 days;

    /// @dev No root: what `pinnedRoot` is where none is pinned, and the root of a signer's vote.
    RegistryRoot internal constant NO_ROOT = RegistryRoot.wrap(0);

    /// @dev A vote belongs to the round in `round`, one to cancel to that in `cancelRound`; in any
    /// other they are nothing. `votedKey` is the new owner where that is 20 bytes; where it is 0,
    /// `votedOwner` is the new owner's hash: an address costs no slot of its own.
    struct Guardian {
        uint16 weight;
        bool accepted;
        uint32 round;
        uint40 votedAt;
        address votedKey;
        RegistryRoot votedRoot;
        bytes32 votedOwner;
        RegistryRoot cancelRoot;
        uint32 cancelRound;
    }

    /// @dev What is pending; nothing where `executableFrom` is 0. `key` is the new owner where that is
    /// 20 bytes; where it is 0, the account's `pendingOwner` is the new owner.
    struct Pending {
        address key;
        uint40 executableFrom;
        uint40 expiresAt;
    }

    /// @dev What votes are compared by: an address, or 0 and the hash of a longer owner.
    struct OwnerTag {
        address key;
        bytes32 hash;
    }

    /// @dev `round` counts the draws of nonces and is all that survives removal, with the
    /// nullifiers. `guardianIds` is empty exactly where there is no configuration, `openedAt` is 0
    /// exactly where no round was opened since the last one ended, `changeFrom` where no change waits.
    /// `settings` are what the integration keeps of the account, and change with the configuration alone.
    struct Account {
        IRecoveryProofVerifier verifier;
        uint32 threshold;
        uint32 delay;
        uint32 expiry;
        IKeyRegistryRoots registry;
        uint32 maxMailAge;
        IEmailRecovery.UndatedMail undatedMail;
        bool insecureSetup;
        IEmailRecovery.SubjectForms subjectForms;
        uint32 votingPeriod;
        RegistryRoot pinnedRoot;
        uint64 roundNonce;
        uint40 openedAt;
        uint32 round;
        uint32 rootDelay;
        uint32 cancelThreshold;
        uint40 changeFrom;
        uint64 setupNonce;
        uint40 configuredAt;
        Pending pending;
        bytes pendingOwner;
        bytes32 change;
        bytes settings;
        GuardianId[] guardianIds;
        mapping(GuardianId guardian => Guardian) guardians;
        mapping(Nullifier nullifier => bool) nullifiers;
    }

    mapping(address account => Account) internal _accounts;

    /// @dev Ends the round, if there is one, with its votes and the pending recovery. Returns its
    /// nonce, which is never drawn again but by chance.
    function _closeRound(Account storage state) internal returns (uint64 nonce) {
        nonce = state.roundNonce;
        if (_isPending(state) && state.pending.key == address(0)) delete state.pendingOwner;
        delete state.pending;
        delete state.roundNonce;
        delete state.openedAt;
    }

    /// @dev A number that nobody knew before this block, so that no mail that names it was written
    /// before. It depends on nothing that the sender chooses: there is one draw to a block. Kept,
    /// not looked up again, so that it does not matter how long a chain remembers its blocks; and
    /// where `prevrandao` is a constant, the hash of the block before is none.
    function _drawNonce(address account, Account storage state) internal returns (uint64) {
        uint256 drawn = uint256(
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    account,
                    ++state.round,
                    block.prevrandao,
                    blockhash(block.number - 1)
                )
            )
        );
        // 64 bits of a hash are as good as any others.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(drawn);
    }

    function _dropChange(address account, Account storage state) internal {
        if (state.changeFrom == 0) return;
        emit IEmailRecovery.ChangeCancelled(account, state.change);
        delete state.changeFrom;
        delete state.change;
    }

    function _config(address account)
        internal
        view
        returns (IEmailRecovery.RecoveryConfig memory config)
    {
        Account storage state = _configured(account);
        config.verifier = state.verifier;
        if (state.insecureSetup) {
            config.setupAcknowledgement = RecoveryConfigs.INSECURE_SETUP_ACKNOWLEDGEMENT;
        }
        config.registry = state.registry;
        config.pinnedRoot = state.pinnedRoot;
        config.rootDelay = state.rootDelay;
        config.threshold = state.threshold;
        config.cancelThreshold = state.cancelThreshold;
        config.votingPeriod = state.votingPeriod;
        config.delay = state.delay;
        config.expiry = state.expiry;
        config.maxMailAge = state.maxMailAge;
        config.undatedMail = state.undatedMail;
        config.subjectForms = state.subjectForms;
        GuardianId[] memory ids = state.guardianIds;
        config.guardians = new IEmailRecovery.GuardianWeight[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            config.guardians[i] =
                IEmailRecovery.GuardianWeight(ids[i], state.guardians[ids[i]].weight);
        }
    }

    /// @dev Where it begins, which depends on the bases before this one.
    function _storageSlot() internal pure returns (uint256 slot) {
        assembly ("memory-safe") {
            slot := _accounts.slot
        }
    }

    function _isConfigured(address account) internal view returns (bool) {
        return _accounts[account].guardianIds.length != 0;
    }

    function _configured(address account) internal view returns (Account storage state) {
        if (!_isConfigured(account)) revert IEmailRecovery.NotConfigured(account);
        return _accounts[account];
    }

    function _pending(address account, Account storage state)
        internal
        view
        returns (Pending memory pending)
    {
        pending = state.pending;
        if (pending.executableFrom == 0) revert IEmailRecovery.NoRecoveryPending(account);
    }

    function _isPending(Account storage state) internal view returns (bool) {
        return state.pending.executableFrom != 0;
    }

    function _pendingOwner(Account storage state, Pending memory pending)
        internal
        view
        returns (bytes memory)
    {
        return pending.key == address(0) ? state.pendingOwner : abi.encodePacked(pending.key);
    }

    /// @dev A round stays open while a recovery of it is pending, so that its votes count to the end.
    function _isRoundOpen(Account storage state) internal view returns (bool) {
        return state.openedAt != 0 && (_isPending(state) || block.timestamp < _closesAt(state));
    }

    function _closesAt(Account storage state) internal view returns (uint256) {
        return uint256(state.openedAt) + state.votingPeriod;
    }

    /// @dev What an owner's votes are compared by.
    function _tag(bytes memory owner) internal pure returns (OwnerTag memory tag) {
        tag.key = OwnerBytes.toAddress(owner);
        if (tag.key == address(0)) tag.hash = keccak256(owner);
    }

    /// @dev Weight of the votes for an owner in this round. Bounded by 16 times 65,535.
    function _weight(Account storage state, OwnerTag memory tag)
        internal
        view
        returns (uint256 weight)
    {
        uint256 length = state.guardianIds.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.guardianIds[i]];
            if (guardian.round != state.round || guardian.votedKey != tag.key) continue;
            if (tag.key == address(0) && guardian.votedOwner != tag.hash) continue;
            if (!_isRevoked(state, guardian.votedRoot)) weight += guardian.weight;
        }
    }

    /// @dev Weight of the votes to cancel in this round.
    function _cancelWeight(Account storage state) internal view returns (uint256 weight) {
        uint256 length = state.guardianIds.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.guardianIds[i]];
            if (guardian.cancelRound == state.round && !_isRevoked(state, guardian.cancelRoot)) {
                weight += guardian.weight;
            }
        }
    }

    /// @dev The pinned root counts at once, the registry's after the account's own delay; a revoked
    /// one never.
    function _isRootAccepted(Account storage state, RegistryRoot root)
        internal
        view
        returns (bool)
    {
        if (root == state.pinnedRoot && root != NO_ROOT) {
            return !state.registry.isRevoked(root);
        }
        return state.registry.isAcceptedAfter(root, state.rootDelay);
    }

    /// @dev A signer's vote has no root, so nobody's word takes it away.
    function _isRevoked(Account storage state, RegistryRoot root) private view returns (bool) {
        return root != NO_ROOT && state.registry.isRevoked(root);
    }
}
