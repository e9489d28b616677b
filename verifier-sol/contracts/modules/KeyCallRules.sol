// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    Execution,
    IERC7579ModuleConfig,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {KeyCall, KeyCalls} from "./KeyCalls.sol";

/// @title The rules for the calls that a recovery makes an account do
/// @notice A contract of its own, which `ERC7579EmailRecovery` deploys for itself, so that its code does not
/// count against the limit (EIP-170). It keeps nothing.
contract KeyCallRules {
    /// @dev First byte of ERC-7579's mode: one call, or several; the second one, zero, makes a
    /// failing call revert all.
    bytes32 private constant SINGLE = 0;
    bytes32 private constant BATCH = bytes32(bytes1(0x01));

    /// @notice The target is neither the account nor one of its validators.
    error TargetNotValidator(address account, address target);

    /// @notice Reverts unless the calls are well-formed, and to validators of the account or itself.
    /// @param account The account.
    /// @param settings `abi.encode` of a `KeyCall[]`.
    function requireValid(address account, bytes calldata settings) external view {
        KeyCall[] memory keyCalls = abi.decode(settings, (KeyCall[]));
        KeyCalls.requireValid(keyCalls);
        for (uint256 i = 0; i < keyCalls.length; ++i) {
            _requireTarget(account, keyCalls[i].target);
        }
    }

    /// @notice Whether an owner fits into every call that names it.
    /// @param settings `abi.encode` of a `KeyCall[]`, which {requireValid} has seen.
    /// @param owner The owner.
    /// @return Whether it does.
    function takes(bytes calldata settings, bytes calldata owner) external pure returns (bool) {
        return KeyCalls.takes(abi.decode(settings, (KeyCall[])), owner);
    }

    /// @notice What an account executes to have a new owner. Targets are looked at again: a validator may
    /// have gone.
    /// @param account The account.
    /// @param settings `abi.encode` of a `KeyCall[]`, which {requireValid} has seen.
    /// @param owner An owner that they take.
    /// @return mode The mode of ERC-7579.
    /// @return data The calls, as that mode wants them.
    function execution(address account, bytes calldata settings, bytes calldata owner)
        external
        view
        returns (bytes32 mode, bytes memory data)
    {
        KeyCall[] memory keyCalls = abi.decode(settings, (KeyCall[]));
        Execution[] memory executions = new Execution[](keyCalls.length);
        for (uint256 i = 0; i < keyCalls.length; ++i) {
            address target = keyCalls[i].target;
            _requireTarget(account, target);
            executions[i] = Execution(target, 0, KeyCalls.fill(keyCalls[i], owner));
        }
        if (executions.length > 1) return (BATCH, abi.encode(executions));
        return (SINGLE, abi.encodePacked(executions[0].target, uint256(0), executions[0].callData));
    }

    function _requireTarget(address account, address target) private view {
        require(
            target == account
                || IERC7579ModuleConfig(account)
                    .isModuleInstalled(MODULE_TYPE_VALIDATOR, target, ""),
            TargetNotValidator(account, target)
        );
    }
}
