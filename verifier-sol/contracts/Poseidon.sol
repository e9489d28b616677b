// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

// Used in assembly, where the linter does not look.
// solhint-disable no-unused-import
import {
    MATRIX_00,
    MATRIX_01,
    MATRIX_02,
    MATRIX_10,
    MATRIX_11,
    MATRIX_12,
    MATRIX_20,
    MATRIX_21,
    MATRIX_22,
    ROUND_CONSTANTS
} from "./PoseidonConstants.sol";
import {SCALAR_FIELD_ORDER} from "./interfaces/PublicInputs.sol";

/// @title Poseidon, the hash of the key registry's tree
/// @notice circomlib's `Poseidon(2)` over the scalar field of BN254, as the circuit computes it. Some
/// 30,000 gas a hash.
library Poseidon {
    /// @dev Words of `ROUND_CONSTANTS` of which the rounds are partial: after four full ones, and
    /// before the last four.
    uint256 private constant PARTIAL_FROM = 4 * 0x60;
    uint256 private constant PARTIAL_UNTIL = 61 * 0x60;

    /// @notice The constants, in memory: read once for many hashes.
    /// @return table What `hash` takes.
    function load() internal pure returns (bytes memory table) {
        return ROUND_CONSTANTS;
    }

    /// @notice Element 0 of the permuted state (0, a, b).
    /// @dev Sums are left unreduced: of three products, and a constant, each below the order, which
    /// is less than a fifth of 2^256. What is multiplied is reduced by that.
    /// @param table What `load` returned.
    /// @param a Any number; its residue counts.
    /// @param b Any number; its residue counts.
    /// @return result Below the order.
    function hash(bytes memory table, uint256 a, uint256 b) internal pure returns (uint256 result) {
        uint256 order = SCALAR_FIELD_ORDER;
        assembly ("memory-safe") {
            function pow5(x, p) -> y {
                y := mulmod(x, x, p)
                y := mulmod(mulmod(y, y, p), x, p)
            }
            let at := add(table, 0x20)
            let end := add(at, mload(table))
            let partialFrom := add(at, PARTIAL_FROM)
            let partialUntil := add(at, PARTIAL_UNTIL)
            let s0 := 0
            let s1 := mod(a, order)
            let s2 := mod(b, order)
            for {} lt(at, end) { at := add(at, 0x60) } {
                s0 := pow5(add(s0, mload(at)), order)
                s1 := add(s1, mload(add(at, 0x20)))
                s2 := add(s2, mload(add(at, 0x40)))
                if or(lt(at, partialFrom), iszero(lt(at, partialUntil))) {
                    s1 := pow5(s1, order)
                    s2 := pow5(s2, order)
                }
                let t0 :=
                    add(
                        add(mulmod(s0, MATRIX_00, order), mulmod(s1, MATRIX_01, order)),
                        mulmod(s2, MATRIX_02, order)
                    )
                let t1 :=
                    add(
                        add(mulmod(s0, MATRIX_10, order), mulmod(s1, MATRIX_11, order)),
                        mulmod(s2, MATRIX_12, order)
                    )
                s2 := add(
                    add(mulmod(s0, MATRIX_20, order), mulmod(s1, MATRIX_21, order)),
                    mulmod(s2, MATRIX_22, order)
                )
                s0 := t0
                s1 := t1
            }
            result := mod(s0, order)
        }
    }
}
