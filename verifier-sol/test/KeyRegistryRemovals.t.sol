// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {KeyRegistryRoots} from "../contracts/KeyRegistryRoots.sol";
import {Poseidon} from "../contracts/Poseidon.sol";
import {RegistryRoot} from "../contracts/interfaces/PublicInputs.sol";
import {Test} from "./support/Test.sol";

/// @notice Keys that leave the tree without a delay, because nothing new comes with that.
contract KeyRegistryRemovalsTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant DELAY = 1 days;
    uint256 private constant KEYS = 4;

    address private _owner = makeAddr("owner");
    KeyRegistryRoots private _registry;
    uint256[] private _leaves;
    string private _json;

    /// @dev Four keys, the tree of the test vectors, on which Rust and circomlibjs agree.
    function setUp() public {
        _json = vm.readFile("../test-vectors/statement.json");
        vm.warp(START - DELAY);
        _registry = new KeyRegistryRoots(_owner, DELAY);
        vm.startPrank(_owner);
        for (uint256 i = 0; i < KEYS; ++i) {
            _registry.addKey("alpha.example", rsaKey(i));
            string memory at = string.concat(".leaves[", vm.toString(i), "].leaf");
            _leaves.push(vm.parseJsonUint(_json, at));
        }
        _registry.proposeRoot(_root(_leaves), asRoot(0));
        vm.stopPrank();
        vm.warp(START);
        _registry.acceptRoot(_root(_leaves));
    }

    function test_acceptRemovals_countsAtOnce() external {
        RegistryRoot before = _root(_leaves);
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        RegistryRoot without = _root(_leaves);
        vm.expectEmit();
        emit KeyRegistryRoots.RootAccepted(without, 2);
        vm.prank(_owner);
        _registry.acceptRemovals(removals);
        vm.assertTrue(_registry.isAccepted(without));
        vm.assertTrue(_registry.latestRoot() == without);
        vm.assertTrue(_registry.isAccepted(before));
    }

    function test_acceptRemovals_agreesWithTheTestVectors() external {
        vm.assertTrue(_registry.isAccepted(_vector(3)));
        uint256 before = vm.snapshotState();
        KeyRegistryRoots.Removal[] memory removals = _removal(1);
        _remove(1);
        vm.prank(_owner);
        _registry.acceptRemovals(removals);
        vm.assertTrue(_registry.isAccepted(_vector(4)));

        vm.revertToState(before);
        removals = new KeyRegistryRoots.Removal[](2);
        removals[0] = _removal(3)[0];
        _remove(3);
        removals[1] = _removal(0)[0];
        _remove(0);
        vm.prank(_owner);
        _registry.acceptRemovals(removals);
        vm.assertTrue(_registry.isAccepted(_vector(5)));
    }

    function test_acceptRemovals_severalOneAfterTheOther() external {
        KeyRegistryRoots.Removal[] memory removals = new KeyRegistryRoots.Removal[](2);
        removals[0] = _removal(0)[0];
        _remove(0);
        removals[1] = _removal(3)[0];
        _remove(3);
        vm.prank(_owner);
        _registry.acceptRemovals(removals);
        vm.assertTrue(_registry.isAccepted(_root(_leaves)));
        vm.assertEq(_registry.acceptances(), 2);
    }

    /// @dev Who follows at a distance takes it as early as the tree that it came from.
    function test_acceptRemovals_countsForFollowersAsThePredecessorDoes() external {
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        vm.warp(START + 5 days);
        vm.prank(_owner);
        _registry.acceptRemovals(removals);
        vm.assertTrue(_registry.isAcceptedAfter(_root(_leaves), 5 days));
        vm.assertFalse(_registry.isAcceptedAfter(_root(_leaves), 5 days + 1));
    }

    /// @dev What waited was proposed with the key.
    function test_acceptRemovals_endsTheProposal() external {
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        RegistryRoot latest = _registry.latestRoot();
        vm.startPrank(_owner);
        _registry.proposeRoot(asRoot(7), latest);
        _registry.acceptRemovals(removals);
        vm.stopPrank();
        vm.assertEq(_registry.acceptableFrom(asRoot(7)), 0);
    }

    function test_acceptRemovals_revertsWhenNotOwner() external {
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this))
        );
        _registry.acceptRemovals(removals);
    }

    function test_acceptRemovals_revertsWhenThereIsNoneOrTooMany() external {
        bytes4 count = KeyRegistryRoots.RemovalCount.selector;
        vm.startPrank(_owner);
        vm.expectRevert(abi.encodeWithSelector(count, 0, 8));
        _registry.acceptRemovals(new KeyRegistryRoots.Removal[](0));
        vm.expectRevert(abi.encodeWithSelector(count, 9, 8));
        _registry.acceptRemovals(new KeyRegistryRoots.Removal[](9));
        // Eight are not too many, and these are none: slot 0 has its key.
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.SlotNotRemoved.selector, 0));
        _registry.acceptRemovals(new KeyRegistryRoots.Removal[](8));
    }

    /// @dev Not of a key that is still there, nor of a slot that never had one.
    function test_acceptRemovals_revertsWhenTheKeyWasNotRemoved() external {
        uint256[2] memory slots = [uint256(2), KEYS];
        for (uint256 i = 0; i < 2; ++i) {
            KeyRegistryRoots.Removal[] memory removals = _removal(2);
            removals[0].slot = slots[i];
            vm.expectRevert(
                abi.encodeWithSelector(KeyRegistryRoots.SlotNotRemoved.selector, slots[i])
            );
            vm.prank(_owner);
            _registry.acceptRemovals(removals);
        }
    }

    /// @dev A path of another tree, slot or leaf makes no root.
    function test_acceptRemovals_revertsWhenThePathIsNotOfTheLatestTree() external {
        _removeOnlyInTheLog(1);
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        bytes memory refusal = abi.encodeWithSelector(KeyRegistryRoots.NotInTree.selector, 2);
        for (uint256 i = 0; i < 22; ++i) {
            KeyRegistryRoots.Removal[] memory other =
                abi.decode(abi.encode(removals), (KeyRegistryRoots.Removal[]));
            if (i < 20) other[0].siblings[i] ^= 1;
            if (i == 20) other[0].leaf ^= 1;
            if (i == 21) other[0].slot = 1;
            vm.expectRevert(
                i == 21 ? abi.encodeWithSelector(KeyRegistryRoots.NotInTree.selector, 1) : refusal
            );
            vm.prank(_owner);
            _registry.acceptRemovals(other);
        }
    }

    /// @dev An empty slot can't leave the tree: the same root would be accepted again.
    function test_acceptRemovals_revertsWhenTheSlotIsEmptyInTheTree() external {
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        vm.startPrank(_owner);
        _registry.acceptRemovals(removals);
        bytes memory refusal = abi.encodeWithSelector(KeyRegistryRoots.NotInTree.selector, 2);
        uint256[2] memory nothing =
            [0, 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001];
        for (uint256 i = 0; i < 2; ++i) {
            removals[0].leaf = nothing[i];
            vm.expectRevert(refusal);
            _registry.acceptRemovals(removals);
        }
    }

    function test_acceptRemovals_revertsWhenTheLatestIsRevoked() external {
        RegistryRoot latest = _root(_leaves);
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        _remove(2);
        vm.startPrank(_owner);
        _registry.revokeRoots(onlyRoot(latest));
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootIsRevoked.selector, latest));
        _registry.acceptRemovals(removals);
    }

    function test_acceptRemovals_revertsWhenTheSuccessorIsRevokedOrRecent() external {
        KeyRegistryRoots.Removal[] memory removals = _removal(2);
        RegistryRoot latest = _root(_leaves);
        _remove(2);
        RegistryRoot without = _root(_leaves);
        uint256 before = vm.snapshotState();
        vm.startPrank(_owner);
        _registry.revokeRoots(onlyRoot(without));
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootIsRevoked.selector, without));
        _registry.acceptRemovals(removals);
        vm.stopPrank();

        vm.revertToState(before);
        // It makes place and comes back, so it is the latest once more.
        for (uint256 i = 1; i < 8; ++i) {
            _acceptSlowly(asRoot(i));
            if (i == 6) _acceptSlowly(without);
        }
        _acceptSlowly(latest);
        vm.startPrank(_owner);
        vm.expectRevert(
            abi.encodeWithSelector(KeyRegistryRoots.RootAlreadyAccepted.selector, without)
        );
        _registry.acceptRemovals(removals);
    }

    /// @dev The roots of the test vectors: of four keys, without the second, without first and last.
    function _vector(uint256 i) private view returns (RegistryRoot) {
        return asRoot(vm.parseJsonUint(_json, string.concat(".roots[", vm.toString(i), "].root")));
    }

    function _acceptSlowly(RegistryRoot root) private {
        RegistryRoot latest = _registry.latestRoot();
        vm.prank(_owner);
        _registry.proposeRoot(root, latest);
        vm.warp(block.timestamp + DELAY);
        _registry.acceptRoot(root);
    }

    /// @dev From the log and from the tree.
    function _remove(uint256 slot) private {
        _removeOnlyInTheLog(slot);
        _leaves[slot] = 0;
    }

    function _removeOnlyInTheLog(uint256 slot) private {
        vm.prank(_owner);
        _registry.removeKey(slot);
    }

    function _removal(uint256 slot)
        private
        view
        returns (KeyRegistryRoots.Removal[] memory removals)
    {
        removals = new KeyRegistryRoots.Removal[](1);
        removals[0].slot = slot;
        removals[0].leaf = _leaves[slot];
        (, removals[0].siblings) = _tree(_leaves, slot);
    }

    function _root(uint256[] memory leaves) private pure returns (RegistryRoot) {
        (uint256 root,) = _tree(leaves, 0);
        return asRoot(root);
    }

    /// @dev The root, and the siblings of a slot.
    function _tree(uint256[] memory level, uint256 slot)
        private
        pure
        returns (uint256 root, uint256[20] memory siblings)
    {
        bytes memory table = Poseidon.load();
        uint256 empty;
        for (uint256 height = 0; height < 20; ++height) {
            uint256 beside = slot ^ 1;
            siblings[height] = beside < level.length ? level[beside] : empty;
            uint256[] memory above = new uint256[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                uint256 right = 2 * i + 1 < level.length ? level[2 * i + 1] : empty;
                above[i] = Poseidon.hash(table, level[2 * i], right);
            }
            empty = Poseidon.hash(table, empty, empty);
            level = above;
            slot >>= 1;
        }
        root = level[0];
    }
}
