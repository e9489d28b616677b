// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Poseidon} from "../contracts/Poseidon.sol";
import {SCALAR_FIELD_ORDER} from "../contracts/interfaces/PublicInputs.sol";
import {Test} from "./support/Test.sol";

contract PoseidonTest is Test {
    /// @dev The vectors that Rust and circomlibjs agree on.
    function test_hash_agreesWithTheTestVectors() external view {
        string memory json = vm.readFile("../test-vectors/statement.json");
        bytes memory table = Poseidon.load();
        uint256 checked;
        for (uint256 i = 0;; ++i) {
            string memory at = string.concat(".poseidon[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) break;
            uint256 a = vm.parseJsonUint(json, string.concat(at, ".a"));
            uint256 b = vm.parseJsonUint(json, string.concat(at, ".b"));
            uint256 expected = vm.parseJsonUint(json, string.concat(at, ".hash"));
            vm.assertEq(Poseidon.hash(table, a, b), expected);
            ++checked;
        }
        vm.assertGe(checked, 3);
    }

    /// @dev Whatever stands for a residue, the hash is the residue's, and is one.
    function testFuzz_hash_isOfResidues(uint256 a, uint256 b) external pure {
        bytes memory table = Poseidon.load();
        uint256 hash = Poseidon.hash(table, a, b);
        vm.assertGt(SCALAR_FIELD_ORDER, hash);
        uint256 again = Poseidon.hash(table, a % SCALAR_FIELD_ORDER, b % SCALAR_FIELD_ORDER);
        vm.assertEq(hash, again);
    }

    function test_hash_leavesTheTableAsItIs() external pure {
        bytes memory table = Poseidon.load();
        Poseidon.hash(table, 1, 2);
        vm.assertEq(keccak256(table), keccak256(Poseidon.load()));
    }
}
