// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title What {SafeEmailRecovery} needs of a Safe
/// @notice The same in versions 1.4.1 and 1.5.0.
interface ISafe {
    /// @notice Makes a call from the Safe in the name of an enabled module.
    /// @param to Whom to call.
    /// @param value How much to send.
    /// @param data The call data.
    /// @param operation 0 for a call, 1 for a delegate call.
    /// @return success Whether the call succeeded; the function itself reverts where the module is
    /// not enabled.
    function execTransactionFromModule(
        address to,
        uint256 value,
        bytes memory data,
        uint8 operation
    ) external returns (bool success);

    /// @notice Puts an owner in the place of another.
    /// @param prevOwner The one before the old owner in the Safe's list; address 1 for the first.
    /// @param oldOwner The owner to replace.
    /// @param newOwner The owner to put in its place.
    function swapOwner(address prevOwner, address oldOwner, address newOwner) external;

    /// @notice Says whether a module is enabled.
    /// @param module The module.
    /// @return Whether it is enabled.
    function isModuleEnabled(address module) external view returns (bool);

    /// @notice Says whether an address is an owner.
    /// @param owner The address.
    /// @return Whether it is an owner.
    function isOwner(address owner) external view returns (bool);

    /// @notice All owners, in the order of the Safe's list.
    /// @return The owners.
    function getOwners() external view returns (address[] memory);
}
