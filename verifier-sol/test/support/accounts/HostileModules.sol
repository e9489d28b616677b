// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../../../contracts/EmailRecovery.sol";
import {
    IERC7579Module,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @notice A validator of which the key can be set when it pleases.
contract FickleValidator is IERC7579Module {
    mapping(address account => address) public keyOf;
    bool public refuses;

    error NotNow();

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function setKey(address key) external {
        if (refuses) revert NotNow();
        keyOf[msg.sender] = key;
    }

    function onInstall(bytes calldata) external {}

    function onUninstall(bytes calldata) external {}

    function isModuleType(uint256 moduleType) external pure returns (bool) {
        return moduleType == MODULE_TYPE_VALIDATOR;
    }
}

/// @notice An ERC-7579 account that calls the recovery contract back instead of doing as it says.
contract HostileModularAccount {
    bytes private _deed;

    function prepare(bytes calldata deed) external {
        _deed = deed;
    }

    function install(address recovery, bytes calldata data) external {
        IERC7579Module(recovery).onInstall(data);
    }

    function isModuleInstalled(uint256, address, bytes calldata) external pure returns (bool) {
        return true;
    }

    function executeFromExecutor(bytes32, bytes calldata)
        external
        payable
        returns (bytes[] memory)
    {
        (bool ok, bytes memory answer) = msg.sender.call(_deed);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return new bytes[](0);
    }

    function execute(EmailRecovery recovery) external {
        recovery.execute(address(this));
    }
}
