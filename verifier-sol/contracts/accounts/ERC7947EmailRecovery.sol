// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../EmailRecovery.sol";
import {OwnerBytes} from "../OwnerBytes.sol";
import {IAccountRecovery, IRecoveryProvider} from "../interfaces/IERC7947.sol";

/// @title Recovery by mail as a recovery provider of ERC-7947
/// @notice For `RecoverableAccount` and every other account with `IAccountRecovery`. The subject is
/// `abi.encode(newOwner)` for an address, and the owner's own bytes for a longer one. The account subscribes with `abi.encode(config)`, the `RecoveryConfig`
/// of `IEmailRecovery`. Guardians accept and vote here.
///
/// After the delay a recovery is completed from either side: by {execute} here, or by
/// `recoverAccess(subject, provider, "")` of the account, which asks {recover}. Both do
/// the same, anybody may call them, and only the first one to come does anything.
///
/// What of ERC-7947 does not fit: the standard has one proof that works at once. Here proofs are
/// many and come days before, so the proof of `recoverAccess` is empty. An account may also use
/// {configure} and {remove} directly; these have the events of `IEmailRecovery` only.
contract ERC7947EmailRecovery is EmailRecovery, IRecoveryProvider {
    /// @dev What {execute} is about to make an account ask for; nothing outside of it.
    bytes32 private transient _granted;

    /// @notice Subscribing costs nothing.
    error ValueNotAccepted();

    /// @notice The proofs are those of the votes; the completion takes none.
    error ProofNotEmpty();

    /// @notice The recovery that is due sets another key.
    error ObjectMismatch(bytes expected, bytes got);

    /// @notice The account says that it is not recovered, or has not asked whether it may be.
    error AccessNotRecovered(address account);

    /// @inheritdoc IRecoveryProvider
    /// @dev `configure` by another name: an account that is subscribed changes its configuration.
    function subscribe(bytes memory recoveryData) external payable {
        require(msg.value == 0, ValueNotAccepted());
        _configure(msg.sender, abi.decode(recoveryData, (RecoveryConfig)), "");
        emit AccountSubscribed(msg.sender);
    }

    /// @inheritdoc IRecoveryProvider
    /// @dev `remove` by another name. The nonce and the nullifiers stay, so that no mail works
    /// twice.
    function unsubscribe() external payable {
        require(msg.value == 0, ValueNotAccepted());
        _remove(msg.sender);
        emit AccountUnsubscribed(msg.sender);
    }

    /// @inheritdoc IRecoveryProvider
    /// @dev Called by the account within `recoverAccess`, whoever called that.
    function recover(bytes memory object, bytes memory proof) external {
        require(proof.length == 0, ProofNotEmpty());
        if (_granted == _grant(msg.sender, object)) {
            delete _granted;
            return;
        }
        bytes memory due = _subject(_complete(msg.sender));
        require(keccak256(object) == keccak256(due), ObjectMismatch(due, object));
    }

    /// @inheritdoc IRecoveryProvider
    /// @return `abi.encode(_config(account))`.
    function getRecoveryData(address account) external view returns (bytes memory) {
        return _isConfigured(account) ? abi.encode(_config(account)) : bytes("");
    }

    /// @dev Checks that the account has taken the grant: an account that answers yes to everything
    /// would lose the recovery.
    function _replaceOwner(address account, bytes memory newOwner) internal override {
        bytes memory subject = _subject(newOwner);
        _granted = _grant(account, subject);
        bool recovered = IAccountRecovery(account).recoverAccess(subject, address(this), "");
        require(recovered && _granted == 0, AccessNotRecovered(account));
    }

    function _subject(bytes memory newOwner) private pure returns (bytes memory) {
        return
            OwnerBytes.isAddress(newOwner) ? abi.encode(OwnerBytes.toAddress(newOwner)) : newOwner;
    }

    function _grant(address account, bytes memory subject) private pure returns (bytes32) {
        return keccak256(abi.encode(account, subject));
    }
}
