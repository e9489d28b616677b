// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice The least account on which recovery can be tested: an owner who acts through it, and a
/// recovery contract that may replace the owner. For tests only.
contract OwnedAccount {
    address public owner;
    address public recovery;

    error NotAllowed(address sender);

    /// @dev In place of a constructor, since tests put the code at fixed addresses.
    function initialise(address owner_, address recovery_) external {
        if (owner != address(0)) revert NotAllowed(msg.sender);
        owner = owner_;
        recovery = recovery_;
    }

    /// @dev By the recovery contract, or by the owner through `execute`.
    function setOwner(address newOwner) external {
        if (msg.sender != recovery && msg.sender != address(this)) revert NotAllowed(msg.sender);
        owner = newOwner;
    }

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        if (msg.sender != owner) revert NotAllowed(msg.sender);
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
