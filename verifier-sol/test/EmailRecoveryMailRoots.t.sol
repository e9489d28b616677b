// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs, RegistryRoot} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Under which roots a mail counts.
contract EmailRecoveryMailRootsTest is MockedRecoveryTest {
    function test_vote_revertsWhenTheRootIsUnknown() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = asRoot(77);
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, 77)
        );
    }

    /// @dev A stale root: eight newer ones came.
    function test_vote_revertsWhenTheRootMadePlace() external {
        acceptAll();
        RegistryRoot[] memory roots = new RegistryRoot[](8);
        for (uint256 i = 0; i < 8; ++i) {
            roots[i] = asRoot(100 + i);
        }
        acceptRoots(roots);
        refuseVote(
            NEW_KEY,
            ballot(ALICE, NEW_KEY),
            abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }

    /// @dev A revoked key in flight: the proof was made before, arrives after.
    function test_vote_revertsWhenTheRootIsRevokedInFlight() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        revokeRoot(ROOT);
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }

    /// @dev And the other order: it arrived before, so it counts no longer.
    function test_vote_underARootRevokedLaterDoesNotCount() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        revokeRoot(ROOT);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 0);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pendingKey(), address(0));

        // Alice votes again, by another mail, and both count.
        vm.warp(START + 1);
        inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    /// @dev The pin counts without the registry, and the registry's roots after the account's delay:
    /// it is never left behind by a rotation.
    function test_pin_countsAtOnceAndTheRegistrysRootsLater() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = asRoot(77);
        config.rootDelay = 20 days;
        configure(ACCOUNT, config);
        refuseAcceptance(
            acceptance(ALICE), abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        inputs.registryRoot = asRoot(77);
        submitAcceptance(inputs);
        vm.assertTrue(guardian(ALICE).accepted);

        // The roots were accepted three and two days before the start.
        vm.warp(START + 18 days - 1);
        accept(CAROL);
        inputs = acceptance(BOB);
        inputs.registryRoot = NEXT_ROOT;
        refuseAcceptance(
            inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, NEXT_ROOT)
        );
        vm.warp(START + 18 days);
        submitAcceptance(inputs);
    }

    function test_pin_ofNoneIsNotARoot() external {
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        inputs.registryRoot = asRoot(0);
        refuseAcceptance(inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, 0));
    }

    function test_pin_revertsWhenThePinnedRootIsRevoked() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = ROOT;
        configure(ACCOUNT, config);
        revokeRoot(ROOT);
        refuseAcceptance(
            acceptance(ALICE), abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }
}
