// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title An account's owner as bytes
/// @notice The 20 bytes of an address, or more: an ERC-7913 signer, several owners, whatever an
/// integration understands.
library OwnerBytes {
    /// @notice The longest owner: several passkeys, or an RSA key.
    uint256 internal constant MAX_BYTES = 1024;

    uint256 private constant ADDRESS_BYTES = 20;

    /// @notice Whether it is an address.
    /// @param owner The owner.
    function isAddress(bytes memory owner) internal pure returns (bool) {
        return owner.length == ADDRESS_BYTES;
    }

    /// @notice Whether some account could have it.
    /// @param owner The owner.
    function isOwner(bytes memory owner) internal pure returns (bool) {
        if (isAddress(owner)) return toAddress(owner) != address(0);
        return owner.length > ADDRESS_BYTES && owner.length <= MAX_BYTES;
    }

    /// @notice The address of 20 bytes; zero for all else.
    /// @param owner The owner.
    function toAddress(bytes memory owner) internal pure returns (address) {
        if (!isAddress(owner)) return address(0);
        // It has 20 bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(bytes20(owner));
    }
}
