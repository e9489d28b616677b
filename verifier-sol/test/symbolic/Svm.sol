// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice The cheatcodes of halmos that these tests use.
interface Svm {
    function createAddress(string calldata name) external view returns (address);
    function createUint256(string calldata name) external view returns (uint256);
}
