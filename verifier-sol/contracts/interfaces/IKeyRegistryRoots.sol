// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RegistryRoot} from "./PublicInputs.sol";

/// @title Which roots of the key registry count
/// @notice The registry is a Poseidon Merkle tree of (domain, key) leaves; a contract holds roots
/// of it and nothing else. An account names the contract whose answers it trusts: a shared
/// `KeyRegistryRoots`, or one of its own.
interface IKeyRegistryRoots {
    /// @notice Whether a proof under this root may be taken by somebody who follows the registry at
    /// a distance: whether it counted `delay` seconds ago and has not been revoked since.
    /// @dev With 0, whether it counts now. False for a root that `isRevoked`. A root that differs
    /// from an earlier one only by keys that are gone may count as long as that one.
    /// @param root Root of the tree.
    /// @param delay Seconds.
    /// @return accepted True if so.
    function isAcceptedAfter(RegistryRoot root, uint256 delay) external view returns (bool accepted);

    /// @notice Whether this root was withdrawn because one of its keys must not be trusted.
    /// @dev Final: a root once revoked stays so. Votes under a revoked root no longer count. A
    /// root that only made place for newer ones is not accepted, but not revoked either.
    /// @param root Root of the tree.
    /// @return revoked True if so.
    function isRevoked(RegistryRoot root) external view returns (bool revoked);
}
