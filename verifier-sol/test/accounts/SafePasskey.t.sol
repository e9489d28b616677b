// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    IModuleManager
} from "@safe-global/safe-smart-account/contracts/interfaces/IModuleManager.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {Enum} from "@safe-global/safe-smart-account/contracts/libraries/Enum.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {SafePasskeys} from "../support/accounts/SafePasskeys.sol";
import {Safes} from "../support/accounts/Safes.sol";
import {Target} from "../support/accounts/Target.sol";

/// @notice Published Safes recovered to a passkey: the new owner is the passkey's signer, a contract of Safe's.
contract SafePasskeyTest is AccountRecoveryTest, Safes, SafePasskeys {
    uint256 private constant PASSKEY = uint256(keccak256("passkey after the recovery"));
    uint256 private constant OTHER_PASSKEY = uint256(keccak256("somebody else's passkey"));

    SafeEmailRecovery private recovery;
    Target private target;
    ISafe private safe;
    Signer[] private owners;
    Signer private lost = makeSigner("owner who loses the key");
    address private passkey;

    function setUp() public override {
        super.setUp();
        deploySafeContracts();
        deploySafePasskeyContracts();
        recovery = new SafeEmailRecovery();
        target = new Target();
        passkey = passkeySigner(PASSKEY);
        deployPasskeySigner(OTHER_PASSKEY);
        owners.push(lost);
        safe = newRecoverableSafe();
    }

    function test_execute_toADeployedPasskey() external {
        deployPasskeySigner(PASSKEY);
        recoverTo(passkey);
        expectOnlyThePasskeySigns();
    }

    /// @dev Its owner may have nothing to pay with before the Safe is recovered; anybody deploys it then.
    function test_execute_toAPasskeyThatIsNotDeployedYet() external {
        recoverTo(passkey);
        vm.assertEq(passkey.code.length, 0);
        bytes memory signature = contractSignature(passkey, signByPasskey(PASSKEY, digest()));
        // The Safe has nobody to ask, and says nothing.
        vm.expectRevert();
        this.callExternally(signature);

        deployPasskeySigner(PASSKEY);
        expectOnlyThePasskeySigns();
    }

    /// @dev Two of two must sign, a key and the passkey.
    function test_execute_toAPasskeyBesideAKey() external {
        Signer memory kept = makeSigner("owner who keeps the key");
        owners.push(kept);
        safe = newRecoverableSafe();
        deployPasskeySigner(PASSKEY);
        recoverTo(passkey);

        bytes memory byPasskey = signByPasskey(PASSKEY, digest());
        bytes memory byKey = sign(kept, digest());
        bytes memory words = abi.encodePacked(uint256(uint160(passkey)), uint256(130), uint8(0));
        bytes memory tail = abi.encodePacked(byPasskey.length, byPasskey);
        refuse(signatures(owners, digest()), "GS026");
        call(
            passkey < kept.addr
                ? bytes.concat(words, byKey, tail)
                : bytes.concat(byKey, words, tail)
        );
        vm.assertEq(target.caller(), address(safe));
    }

    /// @dev A passkey can be lost, too.
    function test_execute_nextTimeReplacesThePasskey() external {
        deployPasskeySigner(PASSKEY);
        recoverTo(passkey);
        address other = passkeySigner(OTHER_PASSKEY);
        vote(recovery, address(safe), ALICE, other);
        vote(recovery, address(safe), BOB, other);
        vm.warp(block.timestamp + DELAY);
        execute(recovery, address(safe));
        vm.assertEq(safe.getOwners()[0], other);

        refuse(contractSignature(passkey, signByPasskey(PASSKEY, digest())), "GS026");
        call(contractSignature(other, signByPasskey(OTHER_PASSKEY, digest())));
        vm.assertEq(target.caller(), address(safe));
    }

    /// @dev So that an expected revert is that of the whole.
    function callExternally(bytes calldata signature) external {
        call(signature);
    }

    /// @dev All of its owners must sign; the first is the one to replace.
    function newRecoverableSafe() private returns (ISafe made) {
        made = newSafe(owners, owners.length);
        safeCalls(
            made,
            owners,
            [address(made), address(recovery)],
            [
                abi.encodeCall(IModuleManager.enableModule, (address(recovery))),
                abi.encodeCall(SafeEmailRecovery.configureOwner, (lost.addr, defaultConfig()))
            ]
        );
    }

    function recoverTo(address newOwner) private {
        matureRecovery(recovery, address(safe), newOwner);
        execute(recovery, address(safe));
        vm.assertEq(safe.getOwners()[0], newOwner);
        vm.assertFalse(safe.isOwner(lost.addr));
        vm.assertEq(recovery.recoverableOwnerOf(address(safe)), newOwner);
    }

    function expectOnlyThePasskeySigns() private {
        refuse(sign(lost, digest()), "GS026");
        bytes memory byOther = signByPasskey(OTHER_PASSKEY, digest());
        refuse(contractSignature(passkey, byOther), "GS024");
        refuse(contractSignature(passkeySigner(OTHER_PASSKEY), byOther), "GS026");
        bytes memory forAnother = signByPasskey(PASSKEY, keccak256("another transaction"));
        refuse(contractSignature(passkey, forAnother), "GS024");

        bytes memory signature = contractSignature(passkey, signByPasskey(PASSKEY, digest()));
        call(signature);
        vm.assertEq(target.caller(), address(safe));
        vm.assertEq(target.value(), uint160(address(safe)));
        refuse(signature, "GS024");
    }

    function refuse(bytes memory signature, bytes memory refusal) private {
        vm.expectRevert(refusal);
        this.callExternally(signature);
    }

    /// @dev The Safe's next transaction.
    function call(bytes memory signature) private {
        safe.execTransaction(
            address(target),
            0,
            targetCall(),
            Enum.Operation.Call,
            0,
            0,
            0,
            address(0),
            payable(address(0)),
            signature
        );
    }

    function digest() private view returns (bytes32) {
        return transactionHash(safe, address(target), targetCall(), Enum.Operation.Call);
    }

    function targetCall() private view returns (bytes memory) {
        return abi.encodeCall(Target.set, (uint160(address(safe))));
    }

    /// @dev A contract's as a Safe's only signature: v is 0, s says where what it signed with begins.
    function contractSignature(address owner, bytes memory signature)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            uint256(uint160(owner)), uint256(65), uint8(0), signature.length, signature
        );
    }
}
