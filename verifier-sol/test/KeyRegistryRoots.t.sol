// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {KeyRegistryRoots} from "../contracts/KeyRegistryRoots.sol";
import {IDKIMRegistry} from "../contracts/interfaces/IDKIMRegistry.sol";
import {IKeyRegistryRoots} from "../contracts/interfaces/IKeyRegistryRoots.sol";
import {RegistryRoot, SCALAR_FIELD_ORDER} from "../contracts/interfaces/PublicInputs.sol";
import {Test} from "./support/Test.sol";

/// @notice Which roots count: proposed, accepted, revoked.
contract KeyRegistryRootsTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant DELAY = 1 days;

    address private _owner = makeAddr("owner");
    address private _anybody = makeAddr("anybody");
    KeyRegistryRoots private _registry;
    RegistryRoot private _latest;

    function setUp() public {
        vm.warp(START);
        _registry = new KeyRegistryRoots(_owner, DELAY);
    }

    function test_proposeRoot_countsAfterDelayAndAcceptance() external {
        vm.expectEmit();
        emit KeyRegistryRoots.RootProposed(
            asRoot(7), asRoot(0), 0, START + DELAY, START + DELAY + 14 days
        );
        _propose(7);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), START + DELAY);
        vm.assertFalse(_registry.isAccepted(asRoot(7)));

        vm.warp(START + DELAY);
        vm.assertFalse(_registry.isAccepted(asRoot(7)));
        vm.expectEmit();
        emit KeyRegistryRoots.RootAccepted(asRoot(7), 1);
        vm.prank(_anybody);
        _registry.acceptRoot(asRoot(7));
        vm.assertTrue(_registry.isAccepted(asRoot(7)));
        vm.assertFalse(_registry.isRevoked(asRoot(7)));
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
    }

    function test_proposeRoot_revertsWhenNotOwner() external {
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.proposeRoot(asRoot(7), asRoot(0));
    }

    function test_proposeRoot_revertsWhenRootIsNoFieldElement() external {
        RegistryRoot[3] memory roots =
            [asRoot(0), asRoot(SCALAR_FIELD_ORDER), asRoot(type(uint256).max)];
        for (uint256 i = 0; i < roots.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.InvalidRoot.selector, roots[i]));
            _propose(RegistryRoot.unwrap(roots[i]));
        }
        _propose(SCALAR_FIELD_ORDER - 1);
    }

    function test_proposeRoot_revertsWhenProposedAlready() external {
        _propose(7);
        vm.warp(START + 5);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootAlreadyProposed.selector, 7));
        _propose(7);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), START + DELAY);
    }

    /// @dev After it has lapsed there is nothing to be mistaken about.
    function test_proposeRoot_againAfterItLapsed() external {
        _propose(7);
        vm.warp(START + DELAY + 14 days - 1);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootAlreadyProposed.selector, 7));
        _propose(7);
        vm.warp(START + DELAY + 14 days);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
        _propose(7);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), block.timestamp + DELAY);
    }

    /// @dev A proposal that was prepared for another tree than the present one.
    function test_proposeRoot_revertsWhenThePredecessorIsNotTheLatest() external {
        _accept(7);
        bytes4 notLatest = KeyRegistryRoots.NotLatestRoot.selector;
        RegistryRoot[2] memory wrong = [asRoot(0), asRoot(8)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(notLatest, 7, wrong[i]));
            vm.prank(_owner);
            _registry.proposeRoot(asRoot(8), wrong[i]);
        }
        // A revoked one stays the latest.
        _revoke(7);
        vm.assertTrue(_registry.latestRoot() == asRoot(7));
        vm.prank(_owner);
        _registry.proposeRoot(asRoot(8), asRoot(7));
    }

    /// @dev One root waits at a time, so nobody finds a store of approved ones.
    function test_proposeRoot_takesThePlaceOfTheOneThatWaits() external {
        _propose(7);
        vm.warp(START + 1);
        _propose(8);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
        vm.assertEq(_registry.acceptableFrom(asRoot(8)), START + 1 + DELAY);
        vm.warp(START + 1 + DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 7));
        _registry.acceptRoot(asRoot(7));
        _registry.acceptRoot(asRoot(8));
    }

    function test_acceptRoot_revertsWhenLapsed() external {
        _propose(7);
        uint256 lapsesAt = START + DELAY + 14 days;
        vm.warp(lapsesAt);
        vm.expectRevert(
            abi.encodeWithSelector(KeyRegistryRoots.ProposalLapsed.selector, lapsesAt, lapsesAt)
        );
        _registry.acceptRoot(asRoot(7));
        vm.warp(lapsesAt - 1);
        _registry.acceptRoot(asRoot(7));
    }

    /// @dev The tree of the proposal has the key that is gone.
    function test_acceptRoot_revertsWhenAKeyWasRemovedMeanwhile() external {
        uint256 slot = _addKey("alpha.example", rsaKey(1));
        _propose(7);
        vm.warp(START + DELAY);
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 7));
        _registry.acceptRoot(asRoot(7));
    }

    function test_acceptRoot_revertsWhenZero() external {
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 0));
        _registry.acceptRoot(asRoot(0));
        vm.assertEq(_registry.acceptableFrom(asRoot(0)), 0);
    }

    /// @dev Who follows at a distance takes what counted then, though newer ones push it out now.
    function test_isAcceptedAfter_looksBack() external {
        uint256[10] memory at;
        for (uint256 root = 1; root <= 10; ++root) {
            _accept(root);
            at[root - 1] = block.timestamp;
        }
        vm.assertFalse(_registry.isAccepted(asRoot(1)));
        for (uint256 wait = 0; wait < 12; ++wait) {
            vm.warp(at[9] + wait * DELAY);
            uint256 then = block.timestamp - 3 * DELAY;
            for (uint256 root = 1; root <= 10; ++root) {
                bool evicted = root + 8 <= 10 && at[root + 7] <= then;
                bool expected = at[root - 1] <= then && !evicted;
                vm.assertTrue(_registry.isAcceptedAfter(asRoot(root), 3 * DELAY) == expected);
            }
        }
        _revoke(10);
        vm.assertFalse(_registry.isAcceptedAfter(asRoot(10), 3 * DELAY));
        vm.assertFalse(_registry.isAcceptedAfter(asRoot(11), 3 * DELAY));
        vm.assertFalse(_registry.isAcceptedAfter(asRoot(9), type(uint256).max));
    }

    function test_isAcceptedAfter_toTheSecond() external {
        _accept(1);
        vm.warp(block.timestamp + 5);
        vm.assertTrue(_registry.isAcceptedAfter(asRoot(1), 5));
        vm.assertFalse(_registry.isAcceptedAfter(asRoot(1), 6));
    }

    function test_proposeRoot_revertsWhenAcceptedAlready() external {
        _accept(7);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootAlreadyAccepted.selector, 7));
        _propose(7);
    }

    function test_acceptRoot_revertsWhenDelayHasNotPassed() external {
        _propose(7);
        vm.warp(START + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                KeyRegistryRoots.DelayNotPassed.selector, START + DELAY - 1, START + DELAY
            )
        );
        _registry.acceptRoot(asRoot(7));
    }

    function test_acceptRoot_revertsWhenNotProposed() external {
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 7));
        _registry.acceptRoot(asRoot(7));
    }

    /// @dev An accepted root can't be moved to the front again by calling twice.
    function test_acceptRoot_revertsWhenAcceptedAlready() external {
        _accept(7);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 7));
        _registry.acceptRoot(asRoot(7));
    }

    function test_ring_keepsTheEightMostRecent() external {
        for (uint256 root = 1; root <= 9; ++root) {
            _accept(root);
        }
        vm.assertFalse(_registry.isAccepted(asRoot(1)));
        vm.assertFalse(_registry.isRevoked(asRoot(1)));
        RegistryRoot[8] memory recent = _registry.recentRoots();
        for (uint256 i = 0; i < 8; ++i) {
            vm.assertTrue(recent[i] == asRoot(9 - i));
            vm.assertTrue(_registry.isAccepted(asRoot(9 - i)));
        }
    }

    function test_ring_takesARootBackThatMadePlace() external {
        for (uint256 root = 1; root <= 9; ++root) {
            _accept(root);
        }
        _accept(1);
        vm.assertTrue(_registry.isAccepted(asRoot(1)));
        vm.assertFalse(_registry.isAccepted(asRoot(2)));
        vm.assertTrue(_registry.isAccepted(asRoot(3)));
    }

    function test_revokeRoots_isImmediateAndFinal() external {
        _accept(7);
        vm.expectEmit();
        emit KeyRegistryRoots.RootRevoked(asRoot(7));
        _revoke(7);
        vm.assertFalse(_registry.isAccepted(asRoot(7)));
        vm.assertTrue(_registry.isRevoked(asRoot(7)));
        vm.assertTrue(_registry.recentRoots()[0] == asRoot(0));

        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootIsRevoked.selector, 7));
        _propose(7);
        for (uint256 root = 10; root < 30; ++root) {
            _accept(root);
        }
        vm.assertTrue(_registry.isRevoked(asRoot(7)));
        vm.assertFalse(_registry.isAccepted(asRoot(7)));
    }

    function test_acceptRoot_revertsWhenRevokedWhileProposed() external {
        _propose(7);
        _revoke(7);
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootNotProposed.selector, 7));
        _registry.acceptRoot(asRoot(7));
    }

    /// @dev Votes may stand on roots that made place long ago.
    function test_revokeRoots_reachesRootsThatMadePlace() external {
        for (uint256 root = 1; root <= 9; ++root) {
            _accept(root);
        }
        _revoke(1);
        vm.assertTrue(_registry.isRevoked(asRoot(1)));
    }

    /// @dev In an emergency a list that overlaps with an earlier one goes through.
    function test_revokeRoots_passesOverTheRevoked() external {
        _revoke(7);
        RegistryRoot[] memory roots = new RegistryRoot[](2);
        (roots[0], roots[1]) = (asRoot(7), asRoot(8));
        vm.prank(_owner);
        _registry.revokeRoots(roots);
        vm.assertTrue(_registry.isRevoked(asRoot(8)));
    }

    function test_revokeRoots_revertsWhenNotOwner() external {
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.revokeRoots(new RegistryRoot[](1));
    }

    function test_revokeRoots_revertsWhenTooMany() external {
        vm.prank(_owner);
        _registry.revokeRoots(new RegistryRoot[](64));
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.TooManyRoots.selector, 65, 64));
        vm.prank(_owner);
        _registry.revokeRoots(new RegistryRoot[](65));
    }

    function test_constructor_revertsWhenTheDelayIsOutOfBounds() external {
        uint256[2] memory delays = [uint256(1 hours - 1), 30 days + 1];
        for (uint256 i = 0; i < delays.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    KeyRegistryRoots.InvalidDelay.selector, delays[i], 1 hours, 30 days
                )
            );
            new KeyRegistryRoots(_owner, delays[i]);
        }
        vm.assertEq(new KeyRegistryRoots(_owner, 1 hours).DELAY(), 1 hours);
        vm.assertEq(new KeyRegistryRoots(_owner, 30 days).DELAY(), 30 days);
    }

    function test_ownership_takesTwoSteps() external {
        vm.prank(_owner);
        _registry.transferOwnership(_anybody);
        vm.assertEq(_registry.owner(), _owner);
        vm.prank(_anybody);
        _registry.acceptOwnership();
        vm.assertEq(_registry.owner(), _anybody);
    }

    function test_renounceOwnership_revertsWhenAsked() external {
        vm.expectRevert(KeyRegistryRoots.OwnerRequired.selector);
        vm.prank(_owner);
        _registry.renounceOwnership();
    }

    /// @dev Roles by an AccessManager as owner: who may revoke at once may not add.
    function test_accessManager_separatesAddingFromRevoking() external {
        AccessManager manager = new AccessManager(address(this));
        vm.prank(_owner);
        _registry.transferOwnership(address(manager));
        manager.execute(address(_registry), abi.encodeCall(_registry.acceptOwnership, ()));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = KeyRegistryRoots.revokeRoots.selector;
        manager.setTargetFunctionRole(address(_registry), selectors, 1);
        manager.grantRole(1, _anybody, 0);

        vm.startPrank(_anybody);
        manager.execute(
            address(_registry), abi.encodeCall(_registry.revokeRoots, (onlyRoot(asRoot(7))))
        );
        vm.assertTrue(_registry.isRevoked(asRoot(7)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector,
                _anybody,
                address(_registry),
                KeyRegistryRoots.proposeRoot.selector
            )
        );
        manager.execute(
            address(_registry), abi.encodeCall(_registry.proposeRoot, (asRoot(8), asRoot(0)))
        );
        vm.stopPrank();
    }

    function test_supportsInterface() external view {
        vm.assertTrue(type(IDKIMRegistry).interfaceId == bytes4(0xdee3d600));
        vm.assertTrue(_registry.supportsInterface(0xdee3d600));
        vm.assertTrue(_registry.supportsInterface(type(IKeyRegistryRoots).interfaceId));
        vm.assertTrue(_registry.supportsInterface(0x01ffc9a7));
        vm.assertFalse(_registry.supportsInterface(0xffffffff));
    }

    /// @dev Against the plain definition: a root counts if it is among the last eight acceptances
    /// and was never revoked.
    function testFuzz_ring_agreesWithTheDefinition(uint8[40] calldata steps) external {
        uint256[] memory accepted = new uint256[](steps.length);
        bool[16] memory revoked;
        uint256 count;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 root = 1 + (steps[i] & 0x0f);
            if (steps[i] >= 0xf0) {
                _revoke(root);
                revoked[root - 1] = true;
            } else if (!revoked[root - 1] && !_isAmong(accepted, count, root)) {
                _accept(root);
                accepted[count++] = root;
            }
            for (uint256 j = 1; j <= 16; ++j) {
                bool expected = _isAmong(accepted, count, j) && !revoked[j - 1];
                vm.assertTrue(_registry.isAccepted(asRoot(j)) == expected);
            }
        }
    }

    function _isAmong(uint256[] memory accepted, uint256 count, uint256 root)
        private
        pure
        returns (bool)
    {
        for (uint256 i = count > 8 ? count - 8 : 0; i < count; ++i) {
            if (accepted[i] == root) return true;
        }
        return false;
    }

    function _propose(uint256 root) private {
        vm.prank(_owner);
        _registry.proposeRoot(asRoot(root), _latest);
    }

    function _accept(uint256 root) private {
        _propose(root);
        vm.warp(block.timestamp + DELAY);
        _registry.acceptRoot(asRoot(root));
        _latest = asRoot(root);
    }

    function _revoke(uint256 root) private {
        vm.prank(_owner);
        _registry.revokeRoots(onlyRoot(asRoot(root)));
    }

    function _addKey(string memory domain, bytes memory key) private returns (uint256) {
        vm.prank(_owner);
        return _registry.addKey(domain, key);
    }
}
