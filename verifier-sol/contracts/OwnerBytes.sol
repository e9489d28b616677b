// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title An account's owner as bytes
/// @notice The 20 bytes of an address, or more: an ERC-7913 signer, several owners, whatever an
/// integration understands.
library OwnerBytes {
    /// @notice The longest owner: several passkeys, or an RSA key.
    uint256 internal constant MAX_BYTES = 1024;

    uint256 private constant ADDRESS_BYTES = 20;
    uint256 private constant WORD_BYTES = 32;

    /// @notice Whether it is an address.
    /// @param owner The owner.
    function isAddress(bytes memory owner) internal pure returns (bool) {
        return owner.length == ADDRESS_BYTES;
    }

    /// @notice Whether some account could have it. Not an address as the ABI encodes it: an account would read it as
    /// that address, whose own bytes are another owner, or as a signer that nobody has.
    /// @param owner The owner.
    function isOwner(bytes memory owner) internal pure returns (bool) {
        if (isAddress(owner)) return toAddress(owner) != address(0);
        if (_isEncodedAddress(owner)) return false;
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

    /// @dev 32 bytes, of which the first 12 are zero.
    function _isEncodedAddress(bytes memory owner) private pure returns (bool) {
        // Longer than 12 bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        return owner.length == WORD_BYTES && bytes12(owner) == 0;
    }
}
