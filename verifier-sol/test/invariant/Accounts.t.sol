// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {MODULE_TYPE_EXECUTOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccountFactory} from "../../contracts/accounts/RecoverableAccountFactory.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCall, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {MockProofVerifier} from "../support/MockProofVerifier.sol";
import {RecoveryTest} from "../support/RecoveryTest.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {Safes} from "../support/accounts/Safes.sol";
import {AccountsHandler} from "./AccountsHandler.sol";

/// @notice Whatever happens in whatever order, the owner of an account is whom it chose itself or
/// whom a completed recovery set. Proofs are no subject of this test: every mail has one.
contract AccountsInvariantTest is RecoveryTest, ModularAccounts, Safes {
    AccountsHandler private _handler;
    Signer private _owner = makeSigner("owner of all accounts");

    function setUp() public override {
        super.setUp();
        verifier = new MockProofVerifier();
        acceptRoots(onlyRoot(asRoot(1)));
        vm.warp(START);
        deployEntryPoint();
        deploySafeContracts();
        validator = new OwnerValidator();

        AccountsHandler.Places memory at;
        at.validator = validator;
        at.accountRecovery = new ERC7947EmailRecovery();
        at.modularRecovery = new ERC7579EmailRecovery();
        at.safeRecovery = new SafeEmailRecovery();
        at.account = new RecoverableAccountFactory(ENTRY_POINT).createAccount(_owner.addr, 0);
        at.modular = address(modularAccountAt(makeAddr("modular account"), _owner.addr));
        at.safe = installOnSafe(at.safeRecovery);

        IEmailRecovery.RecoveryConfig memory config =
            twoOfThree([asGuardian(1), asGuardian(2), asGuardian(3)]);
        vm.prank(_owner.addr);
        at.account.addRecoveryProvider(address(at.accountRecovery), abi.encode(config));
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(validator),
            KeyPlace.Key,
            16,
            abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        );
        install(
            _owner,
            at.modular,
            MODULE_TYPE_EXECUTOR,
            address(at.modularRecovery),
            abi.encode(calls, config)
        );
        _handler = new AccountsHandler(at, _owner.addr, config);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_ownerIsChosenByTheAccountOrByACompletedRecovery() external view {
        for (uint256 i = 0; i < 3; ++i) {
            AccountsHandler.Kind which = AccountsHandler.Kind(i);
            vm.assertEq(_handler.presentOwner(which), _handler.ownerOf(which));
        }
    }

    function installOnSafe(SafeEmailRecovery recovery) private returns (ISafe safe) {
        Signer[] memory owners = new Signer[](1);
        owners[0] = _owner;
        safe = newSafe(owners, 1);
        vm.startPrank(address(safe));
        safe.enableModule(address(recovery));
        recovery.configureOwner(
            _owner.addr, twoOfThree([asGuardian(1), asGuardian(2), asGuardian(3)])
        );
        vm.stopPrank();
    }
}
