// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {RecoverableAccount} from "./RecoverableAccount.sol";

/// @title Makes {RecoverableAccount}s at addresses that are known beforehand
/// @notice The address depends on the first owner and a salt, so that nobody can put an account of
/// another owner there. Recoveries and changes of owner do not move it.
contract RecoverableAccountFactory {
    /// @notice What every account is a clone of.
    RecoverableAccount public immutable IMPLEMENTATION;

    /// @notice An account was made.
    /// @param account The account.
    /// @param owner Its first owner.
    /// @param salt What it was made with.
    event AccountCreated(address indexed account, address indexed owner, bytes32 salt);

    /// @notice Deploys the implementation.
    /// @param entryPoint The entry point of all accounts of this factory.
    constructor(IEntryPoint entryPoint) {
        IMPLEMENTATION = new RecoverableAccount(entryPoint);
    }

    /// @notice Makes the account, or returns it where it exists, as entry points want it.
    /// @param owner The first owner.
    /// @param salt Tells accounts of one first owner apart.
    /// @return account The account.
    function createAccount(address owner, bytes32 salt)
        external
        returns (RecoverableAccount account)
    {
        account = RecoverableAccount(payable(accountAddress(owner, salt)));
        if (address(account).code.length != 0) return account;
        Clones.cloneDeterministic(address(IMPLEMENTATION), _salt(owner, salt));
        account.initialize(owner);
        emit AccountCreated(address(account), owner, salt);
    }

    /// @notice Where {createAccount} puts an account.
    /// @param owner The first owner.
    /// @param salt The salt.
    /// @return The address.
    function accountAddress(address owner, bytes32 salt) public view returns (address) {
        return Clones.predictDeterministicAddress(address(IMPLEMENTATION), _salt(owner, salt));
    }

    function _salt(address owner, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(owner, salt));
    }
}
