// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice Something for accounts to call.
contract Target {
    uint256 public value;
    address public caller;

    error Refused(uint256 value);

    function set(uint256 value_) external payable {
        value = value_;
        caller = msg.sender;
    }

    function refuse(uint256 value_) external payable {
        revert Refused(value_);
    }
}
