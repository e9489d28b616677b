// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs, RegistryRoot} from "../contracts/interfaces/PublicInputs.sol";
import {RealRecoveryTest} from "./support/RealRecoveryTest.sol";

/// @notice What each step costs with real proofs, as whole transactions: calldata and the 21,000
/// included. Kept in `snapshots/recovery.json`; a change of it fails here.
/// forge-config: default.isolate = true
contract RecoveryGasTest is RealRecoveryTest {
    /// @dev Two of three guardians, as a relayer pays for it.
    function test_gas_recovery() external {
        configure(ACCOUNT, guardiansConfig());
        vm.snapshotGasLastCall("recovery", "configure, 3 guardians");
        accept("accept-alice");
        vm.snapshotGasLastCall("recovery", "acceptGuardian");
        accept("accept-bob");
        accept("accept-carol");
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.snapshotGasLastCall("recovery", "openRound");
        vm.warp(VOTES);
        vote("recover-alice", NEW_KEY);
        vm.snapshotGasLastCall("recovery", "vote, first");
        vote("recover-bob", NEW_KEY);
        vm.snapshotGasLastCall("recovery", "vote, reaches the threshold");
        uint256 started = vm.snapshotState();

        cancel(ACCOUNT);
        vm.snapshotGasLastCall("recovery", "cancel");
        vm.revertToState(started);
        vm.warp(VOTES + 60);
        _voteToCancel("cancel-alice");
        vm.snapshotGasLastCall("recovery", "voteToCancel, first");
        _voteToCancel("cancel-bob");
        vm.snapshotGasLastCall("recovery", "voteToCancel, reaches the threshold");
        vm.revertToState(started);
        cancel(ACCOUNT);
        remove(ACCOUNT);
        vm.snapshotGasLastCall("recovery", "remove, asked for");
        vm.warp(VOTES + DELAY);
        remove(ACCOUNT);
        vm.snapshotGasLastCall("recovery", "remove");
        vm.revertToState(started);
        cancel(ACCOUNT);
        IEmailRecovery.RecoveryConfig memory weaker = guardiansConfig();
        weaker.threshold = 1;
        configure(ACCOUNT, weaker);
        vm.snapshotGasLastCall("recovery", "configure, weaker");
        vm.warp(VOTES + DELAY);
        RECOVERY.applyChange(address(ACCOUNT), weaker, "");
        vm.snapshotGasLastCall("recovery", "applyChange");
        vm.revertToState(started);
        vm.warp(VOTES + EXPIRY);
        RECOVERY.discard(address(ACCOUNT));
        vm.snapshotGasLastCall("recovery", "discard");
        vm.revertToState(started);
        vm.warp(VOTES + DELAY);
        vm.prank(relayer);
        RECOVERY.execute(address(ACCOUNT));
        vm.snapshotGasLastCall("recovery", "execute");
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    /// @dev What each further vote of a bundle costs: two less one, neither of which reaches the
    /// threshold.
    function test_gas_voteBatch() external {
        IEmailRecovery.RecoveryConfig memory config = guardiansConfig();
        config.threshold = 3;
        configure(ACCOUNT, config);
        accept("accept-alice");
        accept("accept-bob");
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.warp(VOTES);
        uint256 open = vm.snapshotState();
        _voteBatch(1);
        vm.snapshotGasLastCall("recovery", "voteBatch, one");
        vm.revertToState(open);
        _voteBatch(2);
        vm.snapshotGasLastCall("recovery", "voteBatch, two");
    }

    /// @dev The proof alone, through the adapter.
    function test_gas_verify() external {
        Fixture memory mail = fixture("recover-alice");
        vm.prank(relayer);
        vm.assertTrue(verifier.verify(mail.inputs, mail.proof));
        vm.snapshotGasLastCall("recovery", "verify, the call alone");
    }

    /// @dev The most guardians that there can be.
    function test_gas_sixteenGuardians() external {
        IEmailRecovery.RecoveryConfig memory config = guardiansConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](16);
        for (uint256 i = 0; i < 16; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(asGuardian(i + 1), 1);
        }
        config.guardians[15].guardian = alice;
        configure(ACCOUNT, config);
        vm.snapshotGasLastCall("recovery", "configure, 16 guardians");
        accept("accept-alice");
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.warp(VOTES);
        vote("recover-alice", NEW_KEY);
        vm.snapshotGasLastCall("recovery", "vote, first of 16 guardians");
    }

    function test_gas_registry() external {
        bytes memory key = rsaKey(0);
        RegistryRoot latest = registry.latestRoot();
        vm.prank(registrar);
        registry.addKey("alpha.example", key);
        vm.snapshotGasLastCall("recovery", "registry: addKey");
        vm.prank(registrar);
        registry.proposeRoot(asRoot(1 << 250), latest);
        vm.snapshotGasLastCall("recovery", "registry: proposeRoot");
        vm.warp(block.timestamp + REGISTRY_DELAY);
        vm.prank(relayer);
        registry.acceptRoot(asRoot(1 << 250));
        vm.snapshotGasLastCall("recovery", "registry: acceptRoot");
        vm.prank(relayer);
        registry.acceptKey(0);
        vm.snapshotGasLastCall("recovery", "registry: acceptKey");
        vm.prank(registrar);
        registry.revokeRoots(onlyRoot(asRoot(1 << 250)));
        vm.snapshotGasLastCall("recovery", "registry: revokeRoots, one");
        vm.prank(registrar);
        registry.removeKey(0);
        vm.snapshotGasLastCall("recovery", "registry: removeKey");
    }

    function _voteBatch(uint256 count) private {
        string[2] memory names = ["recover-alice", "recover-bob"];
        RecoveryPublicInputs[] memory inputs = new RecoveryPublicInputs[](count);
        bytes[] memory proofs = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            Fixture memory mail = fixture(names[i]);
            (inputs[i], proofs[i]) = (mail.inputs, mail.proof);
        }
        vm.prank(relayer);
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
    }

    function _voteToCancel(string memory name) private {
        Fixture memory mail = fixture(name);
        vm.prank(relayer);
        RECOVERY.voteToCancel(address(ACCOUNT), mail.inputs, mail.proof);
    }
}
