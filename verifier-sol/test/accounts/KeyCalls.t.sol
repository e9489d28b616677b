// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {KeyCall, KeyCalls, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {Test} from "../support/Test.sol";

interface IKeySetters {
    function any(uint256 a, bytes calldata owner) external;
    function one(address key) external;
    function third(uint256 a, bytes32 b, address key) external;
    function nested(uint256 a, address b, bytes calldata c) external;
}

/// @notice Where a key goes in a call, against Solidity's own encoder.
contract KeyCallsTest is Test {
    address private target = makeAddr("target");

    function testFuzz_fill_isTheEncodersAnswer(address key, uint256 a, bytes4 b) external view {
        expectFill(
            abi.encodeCall(IKeySetters.one, (address(0))),
            16,
            key,
            abi.encodeCall(IKeySetters.one, (key))
        );
        expectFill(
            abi.encodeCall(IKeySetters.third, (a, bytes32(b), address(0))),
            80,
            key,
            abi.encodeCall(IKeySetters.third, (a, bytes32(b), key))
        );
        expectFill(
            abi.encodeCall(IKeySetters.nested, (a, target, abi.encode(b, address(0)))),
            4 + 4 * 32 + 32 + 12,
            key,
            abi.encodeCall(IKeySetters.nested, (a, target, abi.encode(b, key)))
        );
        expectFill(abi.encodePacked(b, address(0)), 4, key, abi.encodePacked(b, key));
    }

    function testFuzz_fill_changesNothingElse(bytes memory before, bytes memory behind, address key)
        external
        view
    {
        before = abi.encodePacked(bytes4(0x01020304), before);
        if (before.length + behind.length + 20 > KeyCalls.MAX_CALL_DATA_BYTES) return;
        expectFill(
            abi.encodePacked(before, address(0), behind),
            SafeCast.toUint16(before.length),
            key,
            abi.encodePacked(before, key, behind)
        );
    }

    function testFuzz_fill_putsAnyOwnerInTheLastArgument(uint256 a, bytes memory owner)
        external
        view
    {
        KeyCall[] memory calls = ownerCall(abi.encodeCall(IKeySetters.any, (a, "")));
        this.requireValid(calls);
        vm.assertEq(KeyCalls.fill(calls[0], owner), abi.encodeCall(IKeySetters.any, (a, owner)));
    }

    function test_requireValid_revertsWhenTheLastArgumentIsNotEmpty() external {
        bytes memory data = abi.encodeCall(IKeySetters.any, (1, hex"01"));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyPlaceTaken.selector, 0, 100));
        this.requireValid(ownerCall(data));
        KeyCall[] memory calls = ownerCall(abi.encodeCall(IKeySetters.any, (1, "")));
        calls[0].keyOffset = 4;
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyOffsetOutOfRange.selector, 0, 4, 100));
        this.requireValid(calls);
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyOffsetOutOfRange.selector, 0, 0, 67));
        this.requireValid(ownerCall(new bytes(67)));
        this.requireValid(ownerCall(new bytes(68)));
    }

    /// @dev An offset without a place would be a mistake.
    function test_requireValid_revertsWhenThereIsAnOffsetAndNoPlace() external {
        KeyCall[] memory calls = single(16, abi.encodeCall(IKeySetters.one, (address(0))));
        calls[0].place = KeyPlace.None;
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyOffsetOutOfRange.selector, 0, 16, 36));
        this.requireValid(calls);
    }

    function test_takes_longOwnersWhereNoKeyIsAskedFor() external view {
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = KeyCall(target, KeyPlace.None, 0, hex"01020304");
        calls[1] = ownerCall(abi.encodeCall(IKeySetters.any, (1, "")))[0];
        vm.assertTrue(KeyCalls.takes(calls, new bytes(84)));
        vm.assertTrue(KeyCalls.takes(calls, asOwner(target)));
        calls[0] = single(16, abi.encodeCall(IKeySetters.one, (address(0))))[0];
        vm.assertFalse(KeyCalls.takes(calls, new bytes(84)));
        vm.assertTrue(KeyCalls.takes(calls, asOwner(target)));
    }

    function test_fill_withoutAPlaceChangesNothing() external view {
        bytes memory data = abi.encodeCall(IKeySetters.one, (target));
        vm.assertEq(
            KeyCalls.fill(KeyCall(target, KeyPlace.None, 0, data), asOwner(address(this))), data
        );
    }

    function test_requireValid_acceptsACallWithoutTheKeyBesideOneWithIt() external view {
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = KeyCall(target, KeyPlace.None, 0, hex"01020304");
        calls[1] = KeyCall(target, KeyPlace.Key, 16, abi.encodeCall(IKeySetters.one, (address(0))));
        this.requireValid(calls);
    }

    function test_requireValid_revertsWhenThereAreNoneOrTooMany() external {
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallCount.selector, 0, 4));
        this.requireValid(new KeyCall[](0));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallCount.selector, 5, 4));
        this.requireValid(new KeyCall[](5));
        // Four are not too many, though these have no call data.
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallLength.selector, 0, 0, 512));
        this.requireValid(new KeyCall[](4));
    }

    function test_requireValid_revertsWhenCallDataIsTooShortOrTooLong() external {
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallLength.selector, 0, 3, 512));
        this.requireValid(single(0, new bytes(3)));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallLength.selector, 0, 513, 512));
        this.requireValid(single(16, new bytes(513)));
        this.requireValid(single(492, new bytes(512)));
    }

    function test_requireValid_revertsWhenTheKeyIsNotWithinTheArguments() external {
        for (uint16 offset = 1; offset < 4; ++offset) {
            expectOutOfRange(offset);
        }
        expectOutOfRange(17);
        expectOutOfRange(type(uint16).max);
        this.requireValid(single(16, new bytes(36)));
        this.requireValid(single(4, new bytes(36)));
    }

    function test_requireValid_revertsWhenThePlaceIsTaken() external {
        bytes memory data = abi.encodeCall(IKeySetters.one, (address(1)));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyPlaceTaken.selector, 0, 16));
        this.requireValid(single(16, data));
        data = abi.encodeCall(IKeySetters.one, (0x0100000000000000000000000000000000000000));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyPlaceTaken.selector, 0, 16));
        this.requireValid(single(16, data));
    }

    function test_requireValid_revertsWhenNoCallNamesTheKey() external {
        vm.expectRevert(KeyCalls.KeyNotUsed.selector);
        this.requireValid(single(0, hex"01020304"));
    }

    function requireValid(KeyCall[] calldata calls) external pure {
        KeyCalls.requireValid(calls);
    }

    function expectOutOfRange(uint16 offset) private {
        vm.expectRevert(
            abi.encodeWithSelector(KeyCalls.KeyOffsetOutOfRange.selector, 0, offset, 36)
        );
        this.requireValid(single(offset, new bytes(36)));
    }

    function expectFill(bytes memory data, uint16 offset, address key, bytes memory expected)
        private
        view
    {
        this.requireValid(single(offset, data));
        vm.assertEq(
            KeyCalls.fill(
                KeyCall(target, offset == 0 ? KeyPlace.None : KeyPlace.Key, offset, data),
                asOwner(key)
            ),
            expected
        );
    }

    function ownerCall(bytes memory data) private view returns (KeyCall[] memory calls) {
        calls = new KeyCall[](1);
        calls[0] = KeyCall(target, KeyPlace.Owner, 0, data);
    }

    function single(uint16 offset, bytes memory data)
        private
        view
        returns (KeyCall[] memory calls)
    {
        calls = new KeyCall[](1);
        calls[0] = KeyCall(target, offset == 0 ? KeyPlace.None : KeyPlace.Key, offset, data);
    }
}
