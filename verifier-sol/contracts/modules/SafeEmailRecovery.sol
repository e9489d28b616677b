// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../EmailRecovery.sol";
import {ISafe} from "../interfaces/ISafe.sol";

/// @title Recovery by mail as a Safe module
/// @notice Puts a new key in the place of one owner of a Safe (`swapOwner`). The Safe says which
/// one when it configures itself: guardians vote for a key, not for whom it replaces, and whoever
/// sends the transaction chooses nothing. The threshold and all other owners stay as they are.
/// After a recovery the new key is the one that the next recovery would replace.
///
/// A Safe with several owners who want guardians of their own enables one of these modules for each
/// of them.
///
/// A module can make a Safe do anything. This one makes it call `swapOwner` on itself, nothing
/// else.
contract SafeEmailRecovery is EmailRecovery {
    /// @notice Among how many owners {execute} looks for the one to replace; in a larger Safe
    /// {executeAfter} is told where it is.
    uint256 public constant MAX_SEARCHED_OWNERS = 64;

    /// @dev The head of a Safe's list of owners, and never an owner.
    address private constant SENTINEL = address(1);

    uint8 private constant OPERATION_CALL = 0;

    /// @notice The owner that a recovery of `safe` replaces; zero where there is no configuration.
    mapping(address safe => address) public recoverableOwnerOf;

    /// @dev The hint of {executeAfter}, used up by the recovery that it is for.
    address private transient _prevOwner;

    /// @notice A recovery of `safe` replaces `owner` from now on.
    /// @param safe The Safe.
    /// @param owner The owner; zero when there is no configuration any more.
    event RecoverableOwnerSet(address indexed safe, address indexed owner);

    /// @notice The owner to replace is none of the Safe's owners.
    error NotOwner(address safe, address owner);

    /// @notice More owners than {execute} searches.
    error TooManyOwners(uint256 got, uint256 maximum);

    /// @notice The Safe has not enabled this module.
    error ModuleNotEnabled(address safe);

    /// @notice The Safe has this module enabled, so its configuration is its own affair.
    error ModuleEnabled(address safe);

    /// @notice The Safe could not swap the owners.
    error SwapFailed(address safe, address prevOwner, address oldOwner, address newOwner);

    /// @notice `configure`, and which owner is to be replaced.
    /// @param owner One of the calling Safe's owners.
    /// @param config The configuration.
    function configureOwner(address owner, RecoveryConfig calldata config) external {
        _setRecoverableOwner(msg.sender, owner);
        _configure(msg.sender, config);
    }

    /// @inheritdoc EmailRecovery
    /// @dev The owner to replace stays the same, and must still be one.
    function configure(RecoveryConfig calldata config) public override {
        _setRecoverableOwner(msg.sender, recoverableOwnerOf[msg.sender]);
        _configure(msg.sender, config);
    }

    /// @inheritdoc EmailRecovery
    function remove() public override {
        _forget(msg.sender);
    }

    /// @notice Removes the configuration of a Safe that has disabled this module, so that guardians
    /// of former times do not come back with the module. Anybody may call it; a Safe that changes
    /// its mind configures itself anew.
    /// @param safe The Safe.
    function removeDisabled(address safe) external {
        require(!ISafe(safe).isModuleEnabled(address(this)), ModuleEnabled(safe));
        _forget(safe);
    }

    /// @notice `execute` for Safes with more owners than it searches.
    /// @param safe The Safe.
    /// @param prevOwner The one before the owner to replace in the Safe's list; address 1 for the
    /// first. The Safe checks it, and a wrong one costs nothing but the transaction.
    function executeAfter(address safe, address prevOwner) external {
        _prevOwner = prevOwner;
        execute(safe);
    }

    /// @dev A key that is an owner already could not take another's place.
    function _isValidNewKey(address account, address newKey) internal view override returns (bool) {
        return super._isValidNewKey(account, newKey) && newKey != SENTINEL
            && !ISafe(account).isOwner(newKey);
    }

    /// @dev Reverts whenever the Safe does not swap, so that the recovery can be tried again until
    /// it expires: after the Safe has enabled the module again, say, or removed the new key.
    function _replaceKey(address account, address newKey) internal override {
        address prevOwner = _prevOwner;
        delete _prevOwner;
        ISafe safe = ISafe(account);
        require(safe.isModuleEnabled(address(this)), ModuleNotEnabled(account));
        address oldOwner = recoverableOwnerOf[account];
        if (prevOwner == address(0)) prevOwner = _ownerBefore(safe, oldOwner);

        recoverableOwnerOf[account] = newKey;
        emit RecoverableOwnerSet(account, newKey);
        bool swapped = safe.execTransactionFromModule(
            account,
            0,
            abi.encodeCall(ISafe.swapOwner, (prevOwner, oldOwner, newKey)),
            OPERATION_CALL
        );
        require(swapped, SwapFailed(account, prevOwner, oldOwner, newKey));
    }

    /// @dev In a larger Safe {executeAfter} may succeed where {execute} does not.
    function _executeDecides(address account) internal view override returns (bool) {
        return ISafe(account).getOwners().length <= MAX_SEARCHED_OWNERS;
    }

    function _setRecoverableOwner(address safe, address owner) private {
        require(ISafe(safe).isOwner(owner), NotOwner(safe, owner));
        if (recoverableOwnerOf[safe] == owner) return;
        recoverableOwnerOf[safe] = owner;
        emit RecoverableOwnerSet(safe, owner);
    }

    function _forget(address safe) private {
        _remove(safe);
        delete recoverableOwnerOf[safe];
        emit RecoverableOwnerSet(safe, address(0));
    }

    function _ownerBefore(ISafe safe, address owner) private view returns (address) {
        address[] memory owners = safe.getOwners();
        require(
            owners.length <= MAX_SEARCHED_OWNERS, TooManyOwners(owners.length, MAX_SEARCHED_OWNERS)
        );
        for (uint256 i = 0; i < owners.length; ++i) {
            if (owners[i] == owner) return i == 0 ? SENTINEL : owners[i - 1];
        }
        revert NotOwner(address(safe), owner);
    }
}
