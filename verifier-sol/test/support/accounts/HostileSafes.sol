// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IModuleGuard} from "@safe-global/safe-smart-account/contracts/base/ModuleManager.sol";
import {Enum} from "@safe-global/safe-smart-account/contracts/libraries/Enum.sol";
import {EmailRecovery} from "../../../contracts/EmailRecovery.sol";
import {IEmailRecovery} from "../../../contracts/interfaces/IEmailRecovery.sol";
import {SafeEmailRecovery} from "../../../contracts/modules/SafeEmailRecovery.sol";

/// @notice Something that answers as a Safe does, and does as a test tells it.
contract HostileSafe {
    enum Deed {
        Refuse,
        ExecuteAgain,
        ExecuteAnother,
        Remove
    }

    address[] private _owners;
    Deed private _deed;
    address private _other;

    constructor(address owner) {
        _owners.push(owner);
    }

    function configure(
        SafeEmailRecovery recovery,
        address owner,
        IEmailRecovery.RecoveryConfig calldata config
    ) external {
        recovery.configureOwner(owner, config);
    }

    function prepare(Deed deed, address other) external {
        _deed = deed;
        _other = other;
    }

    function isOwner(address owner) external view returns (bool) {
        return owner == _owners[0];
    }

    function getOwners() external view returns (address[] memory) {
        return _owners;
    }

    function isModuleEnabled(address) external pure returns (bool) {
        return true;
    }

    function execTransactionFromModule(address, uint256, bytes calldata, uint8)
        external
        returns (bool)
    {
        if (_deed == Deed.ExecuteAgain) EmailRecovery(msg.sender).execute(address(this));
        if (_deed == Deed.ExecuteAnother) EmailRecovery(msg.sender).execute(_other);
        if (_deed == Deed.Remove) EmailRecovery(msg.sender).remove();
        return _deed != Deed.Refuse;
    }
}

/// @notice A module guard of a Safe that lets no module do anything.
contract ForbiddingModuleGuard is IModuleGuard {
    error Forbidden();

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IModuleGuard).interfaceId;
    }

    function checkModuleTransaction(address, uint256, bytes memory, Enum.Operation, address)
        external
        pure
        returns (bytes32)
    {
        revert Forbidden();
    }

    function checkAfterModuleExecution(bytes32, bool) external {}
}
