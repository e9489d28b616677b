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

contract KeyRegistryRootsTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant DELAY = 1 days;
    bytes32 private constant DOMAIN_HASH = keccak256("alpha.example");

    address private _owner = makeAddr("owner");
    address private _anybody = makeAddr("anybody");
    KeyRegistryRoots private _registry;

    function setUp() public {
        vm.warp(START);
        _registry = new KeyRegistryRoots(_owner, DELAY);
    }

    function test_proposeRoot_countsAfterDelayAndAcceptance() external {
        vm.expectEmit();
        emit KeyRegistryRoots.RootProposed(asRoot(7), 0, START + DELAY);
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
        _registry.proposeRoot(asRoot(7));
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
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.RootIsRevoked.selector, 7));
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
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.TooManyRoots.selector, 65, 64));
        vm.prank(_owner);
        _registry.revokeRoots(new RegistryRoot[](65));
    }

    function test_addKey_logsWhatTheTreeIsBuiltFrom() external {
        bytes memory key = "public key";
        vm.expectEmit();
        emit IDKIMRegistry.KeyHashRegistered(DOMAIN_HASH, keccak256(key));
        vm.expectEmit();
        emit KeyRegistryRoots.KeyAdded(
            0, DOMAIN_HASH, keccak256(key), "alpha.example", key, START + DELAY
        );
        vm.assertEq(_addKey("alpha.example", key), 0);
        vm.assertEq(_addKey("alpha.example", "second key"), 1);
        vm.assertEq(_registry.usedSlots(), 2);
        vm.expectEmit();
        emit KeyRegistryRoots.RootProposed(asRoot(7), 2, START + DELAY);
        _propose(7);
    }

    function test_isKeyHashValid_afterTheDelayUntilRemoval() external {
        bytes32 keyHash = keccak256("key");
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        uint256 slot = _addKey("alpha.example", "key");
        vm.warp(START + DELAY - 1);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        vm.warp(START + DELAY);
        vm.assertTrue(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        vm.assertFalse(_registry.isKeyHashValid(keccak256("beta.example"), keyHash));
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keccak256("other")));

        vm.expectEmit();
        emit IDKIMRegistry.KeyHashRevoked(DOMAIN_HASH);
        vm.expectEmit();
        emit KeyRegistryRoots.KeyRemoved(slot, DOMAIN_HASH, keyHash);
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
    }

    /// @dev S21: two keys of one domain live side by side, and one goes without the other.
    function test_keys_manyForOneDomain() external {
        uint256 first = _addKey("alpha.example", "first");
        _addKey("alpha.example", "second");
        vm.warp(START + DELAY);
        vm.prank(_owner);
        _registry.removeKey(first);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keccak256("first")));
        vm.assertTrue(_registry.isKeyHashValid(DOMAIN_HASH, keccak256("second")));
    }

    function test_addKey_revertsWhenAddedBefore() external {
        uint256 slot = _addKey("alpha.example", "key");
        bytes memory refusal = abi.encodeWithSelector(
            KeyRegistryRoots.KeyAlreadyAdded.selector, DOMAIN_HASH, keccak256("key")
        );
        vm.expectRevert(refusal);
        _addKey("alpha.example", "key");
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.expectRevert(refusal);
        _addKey("alpha.example", "key");
    }

    function test_addKey_revertsWhenTheDomainIsNone() external {
        string[13] memory domains = [
            "",
            "localhost",
            ".alpha.example",
            "alpha.example.",
            "alpha..example",
            "Alpha.example",
            "-alpha.example",
            "alpha-.example",
            "alpha.-example",
            "alpha.example-",
            "alpha_.example",
            unicode"älpha.example",
            "a123456789b123456789c123456789d123456789e123456789.f12345678.xy"
        ];
        for (uint256 i = 0; i < domains.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(KeyRegistryRoots.InvalidDomain.selector, domains[i])
            );
            _addKey(domains[i], "key");
        }
    }

    function test_addKey_takesEveryDomainOfTheStatement() external {
        string[4] memory domains = [
            "a.b",
            "xn--lpha-loa.example",
            "1-2.3--4.example",
            "a123456789b123456789c123456789d123456789e123456789.f12345678.x"
        ];
        for (uint256 i = 0; i < domains.length; ++i) {
            vm.assertEq(_addKey(domains[i], "key"), i);
        }
    }

    function test_addKey_revertsWhenTheKeyHasNoSize() external {
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.InvalidKeyLength.selector, 0, 1024));
        _addKey("alpha.example", "");
        vm.expectRevert(
            abi.encodeWithSelector(KeyRegistryRoots.InvalidKeyLength.selector, 1025, 1024)
        );
        _addKey("alpha.example", new bytes(1025));
    }

    function test_addKey_revertsWhenNotOwner() external {
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.addKey("alpha.example", "key");
    }

    function test_removeKey_revertsWhenTheSlotIsEmpty() external {
        bytes memory refusal = abi.encodeWithSelector(KeyRegistryRoots.SlotEmpty.selector, 0);
        vm.expectRevert(refusal);
        vm.prank(_owner);
        _registry.removeKey(0);
        _addKey("alpha.example", "key");
        vm.startPrank(_owner);
        _registry.removeKey(0);
        vm.expectRevert(refusal);
        _registry.removeKey(0);
        vm.stopPrank();
    }

    function test_removeKey_revertsWhenNotOwner() external {
        _addKey("alpha.example", "key");
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.removeKey(0);
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
        manager.execute(address(_registry), abi.encodeCall(_registry.proposeRoot, (asRoot(8))));
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
        _registry.proposeRoot(asRoot(root));
    }

    function _accept(uint256 root) private {
        _propose(root);
        vm.warp(block.timestamp + DELAY);
        _registry.acceptRoot(asRoot(root));
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
