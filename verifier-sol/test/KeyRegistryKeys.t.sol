// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {KeyRegistryRoots} from "../contracts/KeyRegistryRoots.sol";
import {IDKIMRegistry} from "../contracts/interfaces/IDKIMRegistry.sol";
import {Test} from "./support/Test.sol";

/// @notice Which keys enter and leave the registry, and what ERC-7969 says of them.
contract KeyRegistryKeysTest is Test {
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

    function test_addKey_logsWhatTheTreeIsBuiltFrom() external {
        bytes memory key = rsaKey(1);
        vm.expectEmit();
        emit KeyRegistryRoots.KeyAdded(
            0, DOMAIN_HASH, _keyHash(key), "alpha.example", key, START + DELAY
        );
        vm.assertEq(_addKey("alpha.example", key), 0);
        vm.assertEq(_addKey("alpha.example", rsaKey(2)), 1);
        vm.assertEq(_registry.usedSlots(), 2);
        vm.expectEmit();
        emit KeyRegistryRoots.RootProposed(
            asRoot(7), asRoot(0), 2, START + DELAY, START + DELAY + 14 days
        );
        _propose(7);
    }

    /// @dev ERC-7969's event comes when its answer is true, neither before nor without it.
    function test_isKeyHashValid_fromItsEventUntilRemoval() external {
        bytes32 keyHash = _keyHash(rsaKey(1));
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        uint256 slot = _addKey("alpha.example", rsaKey(1));
        vm.warp(START + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                KeyRegistryRoots.DelayNotPassed.selector, START + DELAY - 1, START + DELAY
            )
        );
        _registry.acceptKey(slot);
        vm.warp(START + DELAY);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        vm.expectEmit();
        emit IDKIMRegistry.KeyHashRegistered(DOMAIN_HASH, keyHash);
        vm.prank(_anybody);
        _registry.acceptKey(slot);
        vm.assertTrue(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
        vm.assertFalse(_registry.isKeyHashValid(keccak256("beta.example"), keyHash));
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keccak256(rsaKey(1))));

        vm.expectEmit();
        emit IDKIMRegistry.KeyHashRevoked(DOMAIN_HASH);
        vm.expectEmit();
        emit KeyRegistryRoots.KeyRemoved(slot, DOMAIN_HASH, keyHash);
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, keyHash));
    }

    function test_acceptKey_revertsWhenAcceptedRemovedOrNone() external {
        uint256 slot = _addKey("alpha.example", rsaKey(1));
        vm.warp(START + DELAY);
        _registry.acceptKey(slot);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.KeyAlreadyAccepted.selector, slot));
        _registry.acceptKey(slot);
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.SlotEmpty.selector, slot));
        _registry.acceptKey(slot);
        vm.expectRevert(abi.encodeWithSelector(KeyRegistryRoots.SlotEmpty.selector, 1));
        _registry.acceptKey(1);
    }

    /// @dev A key that never counted is not revoked either.
    function test_removeKey_beforeItCountsIsNoRevocation() external {
        uint256 slot = _addKey("alpha.example", rsaKey(1));
        vm.recordLogs();
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.assertEq(vm.getRecordedLogs().length, 1);
    }

    /// @dev S21: two keys of one domain live side by side, and one goes without the other.
    function test_keys_manyForOneDomain() external {
        uint256 first = _addKey("alpha.example", rsaKey(1));
        uint256 second = _addKey("alpha.example", rsaKey(2));
        vm.warp(START + DELAY);
        _registry.acceptKey(first);
        _registry.acceptKey(second);
        vm.prank(_owner);
        _registry.removeKey(first);
        vm.assertFalse(_registry.isKeyHashValid(DOMAIN_HASH, _keyHash(rsaKey(1))));
        vm.assertTrue(_registry.isKeyHashValid(DOMAIN_HASH, _keyHash(rsaKey(2))));
    }

    function test_addKey_revertsWhenAddedBefore() external {
        uint256 slot = _addKey("alpha.example", rsaKey(1));
        bytes memory refusal = abi.encodeWithSelector(
            KeyRegistryRoots.KeyAlreadyAdded.selector, DOMAIN_HASH, _keyHash(rsaKey(1))
        );
        vm.expectRevert(refusal);
        _addKey("alpha.example", rsaKey(1));
        vm.prank(_owner);
        _registry.removeKey(slot);
        vm.expectRevert(refusal);
        _addKey("alpha.example", rsaKey(1));
    }

    /// @dev A registry that is full says so; the tree has no more leaves.
    function test_addKey_revertsWhenAllSlotsAreUsed() external {
        uint256 last = (1 << 20) - 1;
        vm.store(address(_registry), bytes32(uint256(2)), bytes32(last));
        vm.assertEq(_registry.usedSlots(), last);
        vm.assertEq(_addKey("alpha.example", rsaKey(1)), last);
        vm.expectRevert(KeyRegistryRoots.RegistryFull.selector);
        _addKey("alpha.example", rsaKey(2));
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
            _addKey(domains[i], rsaKey(1));
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
            vm.assertEq(_addKey(domains[i], rsaKey(1)), i);
        }
    }

    /// @dev The three forms in which records have the one key that proofs know.
    function test_addKey_takesEveryFormOfAKey() external {
        bytes memory bare =
            abi.encodePacked(hex"3082010a0282010100", rsaModulus(1), hex"0203010001");
        bytes memory withoutNull =
            abi.encodePacked(hex"30820120300b06092a864886f70d0101010382010f00", bare);
        vm.assertEq(_addKey("alpha.example", rsaKey(1)), 0);
        vm.assertEq(_addKey("alpha.example", withoutNull), 1);
        vm.assertEq(_addKey("alpha.example", bare), 2);
    }

    /// @dev Anything else could never be used, or by anybody: each byte but those of the modulus is
    /// fixed.
    function test_addKey_revertsWhenTheKeyIsNone() external {
        bytes memory key = rsaKey(1);
        bytes[4] memory wrong = [bytes(""), hex"01", abi.encodePacked(key, hex"00"), new bytes(294)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectRevert(KeyRegistryRoots.InvalidKey.selector);
            _addKey("alpha.example", wrong[i]);
        }
        for (uint256 i = 0; i < key.length; ++i) {
            // All of the head, the ends of the modulus, all of the exponent.
            if (i > 33 && i < 288) continue;
            bytes memory other = bytes.concat(key);
            other[i] ^= i == 33 ? bytes1(0x80) : bytes1(0x01);
            vm.expectRevert(KeyRegistryRoots.InvalidKey.selector);
            _addKey("alpha.example", other);
        }
        key[34] ^= 0xff;
        _addKey("alpha.example", key);
    }

    function test_addKey_revertsWhenNotOwner() external {
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.addKey("alpha.example", rsaKey(1));
    }

    function test_removeKey_revertsWhenTheSlotIsEmpty() external {
        bytes memory refusal = abi.encodeWithSelector(KeyRegistryRoots.SlotEmpty.selector, 0);
        vm.expectRevert(refusal);
        vm.prank(_owner);
        _registry.removeKey(0);
        _addKey("alpha.example", rsaKey(1));
        vm.startPrank(_owner);
        _registry.removeKey(0);
        vm.expectRevert(refusal);
        _registry.removeKey(0);
        vm.stopPrank();
    }

    function test_removeKey_revertsWhenNotOwner() external {
        _addKey("alpha.example", rsaKey(1));
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _anybody)
        );
        vm.prank(_anybody);
        _registry.removeKey(0);
    }

    /// @dev As in the example of ERC-7969.
    function _keyHash(bytes memory key) private pure returns (bytes32) {
        return keccak256(bytes(Base64.encode(key)));
    }

    function _addKey(string memory domain, bytes memory key) private returns (uint256) {
        vm.prank(_owner);
        return _registry.addKey(domain, key);
    }

    function _propose(uint256 root) private {
        vm.prank(_owner);
        _registry.proposeRoot(asRoot(root), asRoot(0));
    }
}
