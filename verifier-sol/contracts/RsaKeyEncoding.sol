// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The public keys that the statement knows
/// @notice RSA with a modulus of exactly 2,048 bits and the exponent 65,537, in DER, in one of the
/// three forms in which `p=` of a key record has it: a SubjectPublicKeyInfo (RFC 5280), one whose
/// algorithm lacks the NULL, a bare RSAPublicKey (RFC 8017, A.1.1). All else of the bytes is fixed,
/// so two encodings of one form never mean the same key.
library RsaKeyEncoding {
    uint256 private constant MODULUS_BYTES = 256;

    /// @dev What stands before the modulus, whose sign byte included.
    bytes private constant INFO = hex"30820122300d06092a864886f70d01010105000382010f00"
        hex"3082010a0282010100";
    bytes private constant INFO_WITHOUT_NULL = hex"30820120300b06092a864886f70d0101010382010f00"
        hex"3082010a0282010100";
    bytes private constant BARE = hex"3082010a0282010100";

    /// @dev The exponent, behind the modulus.
    bytes private constant EXPONENT = hex"0203010001";

    /// @notice Whether the bytes are such a key.
    /// @param key The bytes.
    /// @return Whether they are.
    function isKey(bytes calldata key) internal pure returns (bool) {
        return _isForm(key, INFO) || _isForm(key, INFO_WITHOUT_NULL) || _isForm(key, BARE);
    }

    function _isForm(bytes calldata key, bytes memory head) private pure returns (bool) {
        uint256 modulusAt = head.length;
        uint256 exponentAt = modulusAt + MODULUS_BYTES;
        if (key.length != exponentAt + EXPONENT.length) return false;
        // All 2,048 bits are used, and no product of large primes is even.
        bool isModulus = key[modulusAt] >= 0x80 && uint8(key[exponentAt - 1]) % 2 == 1;
        return isModulus && keccak256(key[:modulusAt]) == keccak256(head)
            && keccak256(key[exponentAt:]) == keccak256(EXPONENT);
    }
}
