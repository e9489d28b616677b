// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    IERC7579Execution,
    IERC7579ModuleConfig
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {OwnerValidator} from "../../../contracts/modules/OwnerValidator.sol";
import {ModularAccount} from "./ModularAccount.sol";
import {UserOperations} from "./UserOperations.sol";

/// @notice ERC-7579 accounts that act by user operations through their validator.
abstract contract ModularAccounts is UserOperations {
    /// @dev ERC-7579's mode of one call that reverts on failure.
    bytes32 internal constant SINGLE = 0;

    OwnerValidator internal validator;

    /// @dev Puts an account with the validator at a chosen place.
    function modularAccountAt(address place, address owner_)
        internal
        returns (ModularAccount account)
    {
        vm.etch(place, type(ModularAccount).runtimeCode);
        account = ModularAccount(payable(place));
        account.initialise(address(validator), abi.encode(owner_));
        vm.deal(place, 10 ether);
    }

    /// @dev The account names its validator in the key of the nonce.
    function nonceKey(address validator_) internal pure returns (uint192) {
        return uint192(uint160(validator_)) << 32;
    }

    /// @dev The account calls, by a user operation of its owner.
    function callBy(Signer memory signer, address account, address to, bytes memory data) internal {
        act(
            signer,
            account,
            abi.encodeCall(
                IERC7579Execution.execute, (SINGLE, abi.encodePacked(to, uint256(0), data))
            )
        );
    }

    function install(
        Signer memory signer,
        address account,
        uint256 moduleType,
        address module,
        bytes memory data
    ) internal {
        act(
            signer,
            account,
            abi.encodeCall(IERC7579ModuleConfig.installModule, (moduleType, module, data))
        );
    }

    function uninstall(
        Signer memory signer,
        address account,
        uint256 moduleType,
        address module,
        bytes memory data
    ) internal {
        act(
            signer,
            account,
            abi.encodeCall(IERC7579ModuleConfig.uninstallModule, (moduleType, module, data))
        );
    }

    function act(Signer memory signer, address account, bytes memory callData) internal {
        handle(signed(operation(account, nonceKey(address(validator)), callData), signer));
    }
}
