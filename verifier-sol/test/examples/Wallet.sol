// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AddressEmailRecovery} from "zkdkim-contracts/contracts/AddressEmailRecovery.sol";

/// @notice A wallet with one key, and guardians who can replace it.
contract Wallet {
    address public owner = msg.sender;
    WalletRecovery public recovery;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function install(WalletRecovery to, AddressEmailRecovery.RecoveryConfig calldata config)
        external
        onlyOwner
    {
        recovery = to;
        to.configure(config);
    }

    function cancelRecovery() external onlyOwner {
        recovery.cancel();
    }

    function recoverTo(address newOwner) external {
        require(msg.sender == address(recovery), "not the recovery contract");
        owner = newOwner;
    }
}

/// @notice One of these serves every wallet.
contract WalletRecovery is AddressEmailRecovery {
    function _replaceKey(address account, address newKey) internal override {
        Wallet(account).recoverTo(newKey);
    }
}
