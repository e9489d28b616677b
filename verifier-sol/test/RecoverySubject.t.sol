// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {SubjectWord, SUBJECT_WORDS} from "../contracts/interfaces/PublicInputs.sol";
import {Test} from "./support/Test.sol";

contract RecoverySubjectTest is Test {
    address private constant ACCOUNT = 0xABcdEFABcdEFabcdEfAbCdefabcdeFABcDEFabCD;
    address private constant KEY = 0x0000000000000000000000000000000000000001;

    function pack(string memory text) external pure returns (SubjectWord[SUBJECT_WORDS] memory) {
        return RecoverySubject.pack(text);
    }

    function test_recovery_isTheTextOfTheStatement() external pure {
        vm.assertEq(
            RecoverySubject.recovery(ACCOUNT, 1, 7, asOwner(KEY)),
            "Recover 0xabcdefabcdefabcdefabcdefabcdefabcdefabcd on 1 nonce 7"
            " to 0x0000000000000000000000000000000000000001"
        );
    }

    /// @dev Longer owners by their hash, as the command line writes them.
    function test_recovery_namesLongOwnersByTheirHash() external pure {
        bytes memory owner = new bytes(84);
        for (uint256 i = 0; i < owner.length; ++i) {
            owner[i] = 0x22;
        }
        vm.assertEq(
            RecoverySubject.recovery(ACCOUNT, 1, 0, owner),
            "Recover 0xabcdefabcdefabcdefabcdefabcdefabcdefabcd on 1 nonce 0 to "
            "0xbfa295dd86670d0f3dff72a8db1ee271ec2e65a8935586bf14dcca201e080924"
        );
        // The largest chain id that leaves room for it.
        string memory longest =
            RecoverySubject.recovery(ACCOUNT, 10 ** 35 - 1, type(uint64).max, owner);
        vm.assertEq(bytes(longest).length, RecoverySubject.MAX_BYTES);
    }

    function test_acceptance_isTheTextOfTheStatement() external pure {
        vm.assertEq(
            RecoverySubject.acceptance(ACCOUNT, 8453, 0),
            "Guard 0xabcdefabcdefabcdefabcdefabcdefabcdefabcd on 8453 nonce 0"
        );
    }

    function test_everySubjectFits() external pure {
        string memory longest =
            RecoverySubject.recovery(ACCOUNT, type(uint128).max, type(uint64).max, asOwner(KEY));
        vm.assertEq(bytes(longest).length, 166);
        vm.assertLe(bytes(longest).length, RecoverySubject.MAX_BYTES);
        longest = RecoverySubject.acceptance(ACCOUNT, type(uint128).max, type(uint64).max);
        vm.assertEq(bytes(longest).length, 118);
    }

    /// @dev The vectors that Rust and circomlibjs agree on. They have as many words as the text
    /// needs; the rest of ours are zero.
    function test_pack_agreesWithTheTestVectors() external view {
        string memory json = vm.readFile("../test-vectors/statement.json");
        uint256 checked;
        for (uint256 i = 0;; ++i) {
            string memory at = string.concat(".packing[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) break;
            uint256[] memory expected = vm.parseJsonUintArray(json, string.concat(at, ".words"));
            if (expected.length > SUBJECT_WORDS) continue;
            string memory text = vm.parseJsonString(json, string.concat(at, ".text"));
            SubjectWord[SUBJECT_WORDS] memory words = RecoverySubject.pack(text);
            for (uint256 j = 0; j < SUBJECT_WORDS; ++j) {
                vm.assertEq(
                    SubjectWord.unwrap(words[j]), j < expected.length ? expected[j] : 0, text
                );
            }
            ++checked;
        }
        vm.assertGe(checked, 3);
    }

    function test_pack_takesTheLongestSubject() external pure {
        bytes memory text = new bytes(186);
        text[0] = "a";
        text[185] = "z";
        SubjectWord[SUBJECT_WORDS] memory words = RecoverySubject.pack(string(text));
        vm.assertEq(SubjectWord.unwrap(words[0]), uint256(0x61) << 240);
        vm.assertEq(SubjectWord.unwrap(words[5]), 0x7a);
    }

    function test_pack_revertsWhenTooLong() external {
        vm.expectRevert(abi.encodeWithSelector(RecoverySubject.SubjectTooLong.selector, 187, 186));
        this.pack(string(new bytes(187)));
    }

    /// @dev Each byte at its place, zeros behind the text, nothing in the top byte.
    function testFuzz_pack_isTheBytesInOrder(bytes calldata seed, uint256 length) external pure {
        length = bound(length, 0, seed.length < 186 ? seed.length : 186);
        bytes memory text = seed[:length];
        SubjectWord[SUBJECT_WORDS] memory words = RecoverySubject.pack(string(text));
        bytes memory unpacked;
        for (uint256 i = 0; i < SUBJECT_WORDS; ++i) {
            uint256 word = SubjectWord.unwrap(words[i]);
            vm.assertEq(word >> 248, 0);
            unpacked = abi.encodePacked(unpacked, bytes31(uint248(word)));
        }
        vm.assertEq(unpacked, abi.encodePacked(text, new bytes(186 - length)));
    }

    /// @dev Whatever lay in memory behind the text.
    function test_pack_readsNothingBehindTheText() external pure {
        bytes memory dirty = abi.encodePacked(type(uint256).max, type(uint256).max);
        assembly ("memory-safe") {
            mstore(dirty, 3)
        }
        SubjectWord[SUBJECT_WORDS] memory words = RecoverySubject.pack(string(dirty));
        vm.assertEq(SubjectWord.unwrap(words[0]), uint256(0xffffff) << 224);
        for (uint256 i = 1; i < SUBJECT_WORDS; ++i) {
            vm.assertEq(SubjectWord.unwrap(words[i]), 0);
        }
    }

    function testFuzz_acceptance_isTheTextOfTheStatement(
        address account,
        uint128 chain,
        uint64 nonce
    ) external pure {
        string memory expected = string.concat(
            "Guard ",
            Strings.toHexString(account),
            " on ",
            Strings.toString(chain),
            " nonce ",
            Strings.toString(nonce)
        );
        vm.assertEq(RecoverySubject.acceptance(account, chain, nonce), expected);
    }

    /// @dev Two commands never have the same text.
    function testFuzz_recovery_isDifferentForEveryArgument(
        address account,
        uint128 chain,
        uint64 nonce,
        address key,
        uint128 otherChain,
        uint64 otherNonce
    ) external pure {
        vm.assume(chain != otherChain || nonce != otherNonce);
        vm.assertTrue(
            keccak256(bytes(RecoverySubject.recovery(account, chain, nonce, asOwner(key))))
                != keccak256(
                    bytes(RecoverySubject.recovery(account, otherChain, otherNonce, asOwner(key)))
                )
        );
    }
}
