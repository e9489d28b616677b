// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AddressEmailRecovery} from "../../contracts/AddressEmailRecovery.sol";
import {OwnedAccount} from "./OwnedAccount.sol";

/// @notice The core with the shortest integration there is.
contract OwnedAccountRecovery is AddressEmailRecovery {
    function _replaceKey(address account, address newKey) internal override {
        OwnedAccount(account).setOwner(newKey);
    }

    function _isValidNewKey(address account, address newKey) internal view override returns (bool) {
        if (account.code.length != 0 && newKey == OwnedAccount(account).owner()) return false;
        return super._isValidNewKey(account, newKey);
    }
}
