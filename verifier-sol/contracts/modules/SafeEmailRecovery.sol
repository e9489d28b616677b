// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AddressEmailRecovery} from "../AddressEmailRecovery.sol";
import {IRecoverySettings} from "../interfaces/IRecoverySettings.sol";
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
contract SafeEmailRecovery is AddressEmailRecovery {
    /// @notice Among how many owners {execute} looks for the one to replace; in a larger Safe
    /// {executeAfter} is told where it is.
    uint256 public constant MAX_SEARCHED_OWNERS = 64;

    /// @dev The head of a Safe's list of owners, and never an owner.
    address private constant SENTINEL = address(1);

    uint8 private constant OPERATION_CALL = 0;

    /// @dev The hint of {executeAfter}, used up by the recovery that it is for.
    address private transient _prevOwner;

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
        _configure(msg.sender, config, abi.encode(owner));
    }

    /// @notice Removes the configuration of a Safe that has disabled this module, so that guardians
    /// of former times do not come back with the module. Anybody may call it; a Safe that changes
    /// its mind configures itself anew.
    /// @param safe The Safe.
    function removeDisabled(address safe) external {
        require(!ISafe(safe).isModuleEnabled(address(this)), ModuleEnabled(safe));
        _remove(safe);
    }

    /// @notice `execute` for Safes with more owners than it searches.
    /// @param safe The Safe.
    /// @param prevOwner The one before the owner to replace in the Safe's list; address 1 for the
    /// first. The Safe checks it, and a wrong one costs nothing but the transaction.
    function executeAfter(address safe, address prevOwner) external {
        _prevOwner = prevOwner;
        execute(safe);
    }

    /// @inheritdoc IRecoverySettings
    /// @dev `abi.encode` of the owner to replace, which is one of the Safe's owners. `configure` keeps it.
    function requireSettings(address safe, bytes calldata settings) external view override {
        address owner = settings.length == 0 ? address(0) : abi.decode(settings, (address));
        require(ISafe(safe).isOwner(owner), NotOwner(safe, owner));
    }

    /// @notice The owner that a recovery of `safe` replaces; zero where there is no configuration.
    /// @param safe The Safe.
    /// @return The owner.
    function recoverableOwnerOf(address safe) public view returns (address) {
        bytes memory settings = settingsOf(safe);
        return settings.length == 0 ? address(0) : abi.decode(settings, (address));
    }

    /// @dev A Safe's owners are addresses: keys, or contracts such as a passkey's signer, deployed or not. One
    /// that is an owner already could not take another's place.
    function _isValidNewKey(address account, address newKey) internal view override returns (bool) {
        return super._isValidNewKey(account, newKey) && newKey != SENTINEL
            && !ISafe(account).isOwner(newKey);
    }

    /// @dev Reverts whenever the Safe does not swap, so that the recovery can be tried again until
    /// it expires: after the Safe has enabled the module again, say, or removed the new owner.
    function _replaceKey(address account, address newKey) internal override {
        address prevOwner = _prevOwner;
        delete _prevOwner;
        ISafe safe = ISafe(account);
        require(safe.isModuleEnabled(address(this)), ModuleNotEnabled(account));
        address oldOwner = recoverableOwnerOf(account);
        if (prevOwner == address(0)) prevOwner = _ownerBefore(safe, oldOwner);

        _accounts[account].settings = abi.encode(newKey);
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
