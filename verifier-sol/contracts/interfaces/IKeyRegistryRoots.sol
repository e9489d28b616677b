// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RegistryRoot} from "./PublicInputs.sol";

/// @title Which roots of the key registry count
/// @notice The registry is a Poseidon Merkle tree of (domain, key) leaves; a contract holds roots
/// of it and nothing else. An account names the contract whose answers it trusts: a shared
/// `KeyRegistryRoots`, or one of its own.
interface IKeyRegistryRoots {
    /// @notice Whether a proof under this root may be taken now.
    /// @dev False for a root that `isRevoked`.
    /// @param root Root of the tree.
    /// @return accepted True if so.
    function isAccepted(RegistryRoot root) external view returns (bool accepted);

    /// @notice Whether this root was withdrawn because one of its keys must not be trusted.
    /// @dev Final: a root once revoked stays so. Votes under a revoked root no longer count. A
    /// root that only made place for newer ones is not accepted, but not revoked either.
    /// @param root Root of the tree.
    /// @return revoked True if so.
    function isRevoked(RegistryRoot root) external view returns (bool revoked);
}
