// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    IModuleManager
} from "@safe-global/safe-smart-account/contracts/interfaces/IModuleManager.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccount} from "../../contracts/accounts/RecoverableAccount.sol";
import {RecoverableAccountFactory} from "../../contracts/accounts/RecoverableAccountFactory.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {InstallExamples} from "../support/accounts/InstallExamples.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {Safes} from "../support/accounts/Safes.sol";

/// @notice The examples of the documentation do what it says.
contract InstallExamplesTest is AccountRecoveryTest, ModularAccounts, Safes {
    Signer private oldOwner = makeSigner("owner who loses the key");
    address private newKey = makeAddr("owner after the recovery");

    function setUp() public override {
        super.setUp();
        deployEntryPoint();
        deploySafeContracts();
    }

    function test_onAccount() external {
        ERC7947EmailRecovery recovery = new ERC7947EmailRecovery();
        RecoverableAccount account =
            new RecoverableAccountFactory(ENTRY_POINT).createAccount(oldOwner.addr, 0);
        vm.deal(address(account), 10 ether);
        bytes memory call = InstallExamples.onAccount(recovery, config());
        handle(signed(operation(address(account), 0, call), oldOwner));
        startRecovery(recovery, address(account), newKey);
        vm.warp(block.timestamp + 3 days);
        execute(recovery, address(account));
        vm.assertEq(account.owner(), newKey);
    }

    function test_onModularAccount() external {
        ERC7579EmailRecovery recovery = new ERC7579EmailRecovery();
        validator = new OwnerValidator();
        address account = makeAddr("modular account");
        modularAccountAt(account, oldOwner.addr);
        act(oldOwner, account, InstallExamples.onModularAccount(recovery, validator, config()));
        startRecovery(recovery, account, newKey);
        vm.warp(block.timestamp + 3 days);
        execute(recovery, account);
        vm.assertEq(validator.ownerOf(account), newKey);
    }

    function test_onSafe() external {
        SafeEmailRecovery recovery = new SafeEmailRecovery();
        Signer[] memory owners = new Signer[](1);
        owners[0] = oldOwner;
        ISafe safe = newSafe(owners, 1);
        safeCalls(
            safe,
            owners,
            [address(safe), address(recovery)],
            [
                abi.encodeCall(IModuleManager.enableModule, (address(recovery))),
                InstallExamples.onSafe(oldOwner.addr, config())
            ]
        );
        startRecovery(recovery, address(safe), newKey);
        vm.warp(block.timestamp + 3 days);
        execute(recovery, address(safe));
        vm.assertTrue(safe.isOwner(newKey));
    }

    /// @dev Each part of the examples stands in the documentation, but for its indentation.
    function test_documentationShowsTheExamples() external view {
        string memory documentation = vm.readFile("../docs/contracts.md");
        string memory source = vm.readFile("test/support/accounts/InstallExamples.sol");
        string[] memory parts = vm.split(source, "    // docs: ");
        vm.assertEq(parts.length, 6);
        for (uint256 i = 1; i < parts.length - 1; ++i) {
            string[] memory lines = vm.split(parts[i], "\n");
            string memory shown = "";
            // The first line is the part's name; an empty one ends it.
            for (uint256 j = 1; j < lines.length && bytes(lines[j]).length != 0; ++j) {
                shown = string.concat(shown, "\n", lines[j]);
            }
            vm.assertTrue(vm.contains(documentation, vm.replace(shown, "\n    ", "\n")), lines[0]);
        }
    }

    function config() private view returns (IEmailRecovery.RecoveryConfig memory) {
        IEmailRecovery.RecoveryConfig memory config_ =
            InstallExamples.twoOfThree(verifier, registry, [ALICE, BOB, CAROL]);
        // The tests' verifier has no ceremony behind it.
        config_.setupAcknowledgement = keccak256("I accept forged proofs");
        return config_;
    }
}
