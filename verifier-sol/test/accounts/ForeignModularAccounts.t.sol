// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {
    IERC7579Execution,
    IERC7579ModuleConfig,
    MODULE_TYPE_EXECUTOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCall, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {Modulekit} from "../support/accounts/Modulekit.sol";
import {Target} from "../support/accounts/Target.sol";

/// @notice The ERC-7579 modules on accounts of other authors: each installs them in its own way.
contract ForeignModularAccountsTest is AccountRecoveryTest, ModularAccounts, Modulekit {
    ERC7579EmailRecovery private recovery;
    Target private target;
    Signer private oldOwner = makeSigner("owner who loses the key");
    Signer private newOwner = makeSigner("owner after the recovery");

    function setUp() public override {
        super.setUp();
        deployEntryPoint();
        validator = new OwnerValidator();
        recovery = new ERC7579EmailRecovery();
        target = new Target();
    }

    /// @dev Nonce key 0 means the root validator. A hook's address precedes the module's data.
    function test_kernel() external {
        address account =
            newKernel(address(ENTRY_POINT), address(validator), abi.encode(oldOwner.addr));
        vm.deal(account, 10 ether);
        bytes memory data = abi.encodePacked(address(0), abi.encode(installData(), bytes("")));
        byUserOperations(account, 0, data, abi.encodePacked(address(0), abi.encode("", "")));
    }

    /// @dev The validator's address stands at the end of the nonce's key.
    function test_nexus() external {
        address account =
            newNexus(address(ENTRY_POINT), address(validator), abi.encode(oldOwner.addr));
        vm.deal(account, 10 ether);
        // Modules are a linked list: who removes one names its predecessor, here the head.
        byUserOperations(
            account, uint160(address(validator)), installData(), abi.encode(address(1), bytes(""))
        );
    }

    /// @dev It accepts user operations of entry point 0.7 only, so it calls itself here.
    function test_referenceImplementation() external {
        address account = newReferenceAccount(address(validator), abi.encode(oldOwner.addr));
        bytes memory data = installData();
        vm.prank(account);
        IERC7579ModuleConfig(account).installModule(MODULE_TYPE_EXECUTOR, address(recovery), data);
        recover(account);

        bytes32 hash = keccak256("a message");
        bytes32 digest = validator.replaySafeHash(account, hash);
        vm.assertTrue(
            IERC1271(account)
                .isValidSignature(
                    hash, abi.encodePacked(address(validator), sign(newOwner, digest))
                ) == IERC1271.isValidSignature.selector
        );
        vm.assertFalse(
            IERC1271(account)
                .isValidSignature(
                    hash, abi.encodePacked(address(validator), sign(oldOwner, digest))
                ) == IERC1271.isValidSignature.selector
        );

        vm.prank(account);
        IERC7579ModuleConfig(account)
            .uninstallModule(
                MODULE_TYPE_EXECUTOR, address(recovery), abi.encode(address(1), bytes(""))
            );
        expectGone(account);
    }

    /// @dev So that an expected revert is that of the whole.
    function handleSigned(
        address account,
        uint192 key,
        bytes calldata callData,
        Signer calldata signer
    ) external {
        handle(signed(operation(account, key, callData), signer));
    }

    /// @dev Installs the module, recovers the account, and removes the module again.
    function byUserOperations(
        address account,
        uint192 key,
        bytes memory initData,
        bytes memory deInitData
    ) private {
        this.handleSigned(
            account,
            key,
            abi.encodeCall(
                IERC7579ModuleConfig.installModule,
                (MODULE_TYPE_EXECUTOR, address(recovery), initData)
            ),
            oldOwner
        );
        recover(account);

        bytes memory call = abi.encodeCall(
            IERC7579Execution.execute,
            (SINGLE, abi.encodePacked(address(target), uint256(0), abi.encodeCall(Target.set, (1))))
        );
        vm.expectRevert(signatureError());
        this.handleSigned(account, key, call, oldOwner);
        this.handleSigned(account, key, call, newOwner);
        vm.assertEq(target.caller(), account);

        this.handleSigned(
            account,
            key,
            abi.encodeCall(
                IERC7579ModuleConfig.uninstallModule,
                (MODULE_TYPE_EXECUTOR, address(recovery), deInitData)
            ),
            newOwner
        );
        expectGone(account);
    }

    function recover(address account) private {
        vm.assertTrue(recovery.isInitialized(account));
        matureRecovery(recovery, account, newOwner.addr);
        execute(recovery, account);
        vm.assertEq(validator.ownerOf(account), newOwner.addr);
    }

    function expectGone(address account) private {
        vm.assertFalse(recovery.isInitialized(account));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, account));
        execute(recovery, account);
    }

    function installData() private view returns (bytes memory) {
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(validator),
            KeyPlace.Key,
            16,
            abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        );
        return abi.encode(calls, defaultConfig());
    }
}
