// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {
    ERC7913P256Verifier
} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol";
import {
    ERC7913RSAVerifier
} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913RSAVerifier.sol";
import {
    ERC7913WebAuthnVerifier
} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";
import {Test} from "./Test.sol";

/// @notice Signs what was approved before: a contract with a will of its own.
contract ApprovingSigner is IERC1271 {
    mapping(bytes32 hash => bool) public approved;

    function approve(bytes32 hash) external {
        approved[hash] = true;
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return approved[hash] ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Signers of every kind that ERC-7913 knows, with OpenZeppelin's verifiers. Their keys are for
/// tests only.
abstract contract Signers is Test {
    enum Kind {
        Key,
        Contract,
        P256,
        WebAuthn,
        Rsa
    }

    uint256 internal constant KINDS = 5;
    uint256 private constant SECRET = 0x5ec2e7;
    bytes private constant RSA_MODULUS = hex"c7f922762a7b3096523490bd6658bd852c39724e92b7b32c7922d173c62d0705"
        hex"522b68b81565c8a0982496784691e56b9b983f51af0271561b221e27fb4d08ed"
        hex"43683d844fedae333b4d9845d76a7d788bcd25232d5b5061e78ac49b7de404a6"
        hex"9eb9843eb10b83f267ce737b3a3aa614879541569aefcaca3072ea88e23b7132"
        hex"abaa82a6f7056971362a9fa0e1f17f99a3d7687b7a9e7d7de8404cbc2764e7f2"
        hex"ce485db162a6987b8e686712cff0db793c9a91ab3b22908bec3cb1ba7d543b3f"
        hex"efcfef0e0c4e0d8c166ef66bd5670061c511860488c89024c2389e3d00c24577"
        hex"bd6d1ad34465876bc68f7514d51232b8c34b9826fbb0ea723183c627c5e13b73";
    bytes private constant RSA_SECRET = hex"0e8a7da88507472daf15966ec749eda208e8b678a32f8b6e50f2a8b357f63f3b"
        hex"f25128c0b6019c389d478fcf782634be01e6ecb7c65791a136c0e0db7c690a1c"
        hex"a299aa5b7c2a66cfdfe09111870bfdcaadb3c19f10b5c29f13e4a1ce42b5b966"
        hex"da44d82a6cda4f0269ecf7b5beb2b40feb19fdd1cbdb62ee17decb521fcd3dba"
        hex"55fef8b5baf0b0dc01d6f4bb1ba757f0276b14f62339214324c6519929be3b5d"
        hex"a3c497cd5801299c4e09f7b90e8ca1e255d1bcc2d459309ab0b06101d1d866b8"
        hex"571f0318118bf690058cb20105d25ebe74747183f08ea7101337d4cad49a7eb3"
        hex"ce0766b35112a6e3e61e680b57845d036efdf37ea1ba8be5cc248bc520a86531";
    /// @dev PKCS #1: the algorithm of a SHA-256 digest, in DER.
    bytes private constant SHA256_PREFIX = hex"3031300d060960864801650304020105000420";

    ApprovingSigner internal approving;
    address private _p256;
    address private _webAuthn;
    address private _rsa;

    function deployVerifiers() internal {
        approving = new ApprovingSigner();
        _p256 = address(new ERC7913P256Verifier());
        _webAuthn = address(new ERC7913WebAuthnVerifier());
        _rsa = address(new ERC7913RSAVerifier());
    }

    /// @dev The signer's bytes.
    function signerOf(Kind kind) internal view returns (bytes memory) {
        if (kind == Kind.Key) return abi.encodePacked(vm.addr(SECRET));
        if (kind == Kind.Contract) return abi.encodePacked(address(approving));
        if (kind == Kind.Rsa) {
            return abi.encodePacked(_rsa, abi.encode(bytes(hex"010001"), RSA_MODULUS));
        }
        (uint256 x, uint256 y) = vm.publicKeyP256(SECRET);
        return abi.encodePacked(kind == Kind.P256 ? _p256 : _webAuthn, x, y);
    }

    /// @dev Its signature.
    function signBy(Kind kind, bytes32 hash) internal returns (bytes memory) {
        if (kind == Kind.Contract) {
            approving.approve(hash);
            return "";
        }
        if (kind == Kind.P256) {
            (bytes32 r, bytes32 s) = _signP256(SECRET, hash);
            return abi.encodePacked(r, s);
        }
        if (kind == Kind.WebAuthn) return _encode(assertion(SECRET, hash));
        if (kind == Kind.Rsa) return _signRsa(hash);
        (uint8 v, bytes32 r_, bytes32 s_) = vm.sign(SECRET, hash);
        return abi.encodePacked(r_, s_, v);
    }

    /// @dev What a browser hands back for the passkey of this secret: the user was present and verified.
    function assertion(uint256 secret, bytes32 challenge)
        internal
        pure
        returns (WebAuthn.WebAuthnAuth memory auth)
    {
        auth.authenticatorData = abi.encodePacked(sha256("wallet.example"), hex"0500000001");
        auth.clientDataJSON = string.concat(
            '{"type":"webauthn.get","challenge":"',
            Base64.encodeURL(abi.encodePacked(challenge)),
            '","origin":"https://wallet.example"}'
        );
        auth.typeIndex = 1;
        auth.challengeIndex = 23;
        bytes32 digest =
            sha256(abi.encodePacked(auth.authenticatorData, sha256(bytes(auth.clientDataJSON))));
        (auth.r, auth.s) = _signP256(secret, digest);
    }

    /// @dev Of the two signatures the one with the low s, as OpenZeppelin's library wants it.
    function _signP256(uint256 secret, bytes32 digest) private pure returns (bytes32 r, bytes32 s) {
        (r, s) = vm.signP256(secret, digest);
        if (uint256(s) > P256.N / 2) s = bytes32(P256.N - uint256(s));
    }

    /// @dev As OpenZeppelin's verifier reads it.
    function _encode(WebAuthn.WebAuthnAuth memory auth) private pure returns (bytes memory) {
        return abi.encode(
            auth.r,
            auth.s,
            auth.challengeIndex,
            auth.typeIndex,
            auth.authenticatorData,
            auth.clientDataJSON
        );
    }

    /// @dev RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).
    function _signRsa(bytes32 hash) private view returns (bytes memory) {
        bytes32 digest = sha256(abi.encodePacked(hash));
        bytes memory filling = new bytes(202);
        for (uint256 i = 0; i < filling.length; ++i) {
            filling[i] = 0xff;
        }
        bytes memory padded = abi.encodePacked(hex"0001", filling, hex"00", SHA256_PREFIX, digest);
        return Math.modExp(padded, RSA_SECRET, RSA_MODULUS);
    }
}
