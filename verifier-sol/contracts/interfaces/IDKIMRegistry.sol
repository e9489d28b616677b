// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title DKIM registry (ERC-7969)
/// @notice Answers whether a key belongs to a domain. The ERC-165 identifier is 0xdee3d600.
interface IDKIMRegistry {
    /// @notice A key was registered for a domain.
    /// @param domainHash keccak256 of the domain in lower case.
    /// @param keyHash Hash of the public key.
    event KeyHashRegistered(bytes32 domainHash, bytes32 keyHash);

    /// @notice A key of a domain was revoked.
    /// @param domainHash keccak256 of the domain in lower case.
    event KeyHashRevoked(bytes32 domainHash);

    /// @notice Whether the key is valid for the domain now.
    /// @param domainHash keccak256 of the domain in lower case.
    /// @param keyHash Hash of the public key, by the registry's own choice of function.
    /// @return valid True if registered and not revoked.
    function isKeyHashValid(bytes32 domainHash, bytes32 keyHash) external view returns (bool valid);
}
