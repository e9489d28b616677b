// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {KeyCall, KeyCalls} from "../../contracts/modules/KeyCalls.sol";
import {Test} from "../support/Test.sol";

interface IKeySetters {
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

    function test_fill_withoutAPlaceChangesNothing() external view {
        bytes memory data = abi.encodeCall(IKeySetters.one, (target));
        vm.assertEq(KeyCalls.fill(KeyCall(target, 0, data), address(this)), data);
    }

    function test_requireValid_acceptsACallWithoutTheKeyBesideOneWithIt() external view {
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = KeyCall(target, 0, hex"01020304");
        calls[1] = KeyCall(target, 16, abi.encodeCall(IKeySetters.one, (address(0))));
        this.requireValid(calls);
    }

    function test_requireValid_revertsWhenThereAreNoneOrTooMany() external {
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallCount.selector, 0, 4));
        this.requireValid(new KeyCall[](0));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallCount.selector, 5, 4));
        this.requireValid(new KeyCall[](5));
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
        vm.assertEq(KeyCalls.fill(KeyCall(target, offset, data), key), expected);
    }

    function single(uint16 offset, bytes memory data)
        private
        view
        returns (KeyCall[] memory calls)
    {
        calls = new KeyCall[](1);
        calls[0] = KeyCall(target, offset, data);
    }
}
