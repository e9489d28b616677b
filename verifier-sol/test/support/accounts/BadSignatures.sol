// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Published} from "./Published.sol";

/// @notice What looks like a signature of 65 bytes and must not be taken for one.
abstract contract BadSignatures is Published {
    uint256 private constant SECP256K1_ORDER =
        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev Ruined variants of the owner's signature, and a genuine one of somebody else.
    function badSignatures(Signer memory owner_, Signer memory other, bytes32 digest)
        internal
        pure
        returns (bytes[] memory bad)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner_.key, digest);
        bytes32 highS = bytes32(SECP256K1_ORDER - uint256(s));
        uint8 otherV = v == 27 ? 28 : 27;
        bytes32 yParityAndS = bytes32(uint256(s) | (uint256(v - 27) << 255));

        bad = new bytes[](15);
        bad[0] = "";
        bad[1] = abi.encodePacked(r);
        bad[2] = abi.encodePacked(r, s);
        bad[3] = abi.encodePacked(r, s, v, uint8(0));
        bad[4] = abi.encodePacked(r, s, v, r, s, v);
        bad[5] = abi.encodePacked(r, highS, otherV);
        bad[6] = abi.encodePacked(r, highS, v);
        bad[7] = abi.encodePacked(r, s, otherV);
        bad[8] = abi.encodePacked(r, s, uint8(v - 27));
        bad[9] = abi.encodePacked(r, s, uint8(29));
        bad[10] = abi.encodePacked(bytes32(0), s, v);
        bad[11] = abi.encodePacked(r, bytes32(0), v);
        bad[12] = new bytes(65);
        bad[13] = sign(other, digest);
        bad[14] = abi.encodePacked(r, yParityAndS);
    }
}
