// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {Signers} from "../Signers.sol";
import {Published} from "./Published.sol";

interface ISafeSignerFactory {
    function getSigner(uint256 x, uint256 y, uint176 verifiers) external view returns (address);
    function createSigner(uint256 x, uint256 y, uint176 verifiers) external returns (address);
}

/// @notice Owners of Safes that are passkeys: the published signers of `safe-passkey` 0.2.0, each a contract
/// (ERC-1271) whose address follows from the passkey.
abstract contract SafePasskeys is Published, Signers {
    ISafeSignerFactory internal constant SIGNER_FACTORY =
        ISafeSignerFactory(0x5AFe000000000000000000000000000000000005);
    address private constant P256_VERIFIER = 0x5afE000000000000000000000000000000000006;
    /// @dev The precompile (RIP-7212, EIP-7951), and the contract that is asked where a chain has none.
    uint176 private constant VERIFIERS = uint176((0x0100 << 160) | uint160(P256_VERIFIER));

    string private constant ARTEFACTS = "@safe-global/safe-passkey/build/artifacts/contracts/";

    /// @dev What comes before and after the fields that Safe's signature holds of a browser's JSON:
    /// `{"type":"webauthn.get","challenge":"`, 43 characters, `",`; and `}`.
    uint256 private constant BEFORE_FIELDS = 81;
    uint256 private constant AFTER_FIELDS = 1;

    function deploySafePasskeyContracts() internal {
        deployArtefactAt(
            address(SIGNER_FACTORY),
            string.concat(ARTEFACTS, "SafeWebAuthnSignerFactory.sol/SafeWebAuthnSignerFactory.json")
        );
        deployArtefactAt(
            P256_VERIFIER,
            string.concat(ARTEFACTS, "verifiers/FCLP256Verifier.sol/FCLP256Verifier.json")
        );
    }

    /// @dev The passkey's signer, deployed or not.
    function passkeySigner(uint256 secret) internal view returns (address) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return SIGNER_FACTORY.getSigner(x, y, VERIFIERS);
    }

    function deployPasskeySigner(uint256 secret) internal {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        vm.assertEq(SIGNER_FACTORY.createSigner(x, y, VERIFIERS), passkeySigner(secret));
    }

    /// @dev The passkey's assertion, as Safe's signers read it.
    function signByPasskey(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        WebAuthn.WebAuthnAuth memory auth = assertion(secret, digest);
        bytes memory json = bytes(auth.clientDataJSON);
        bytes memory fields = new bytes(json.length - BEFORE_FIELDS - AFTER_FIELDS);
        for (uint256 i = 0; i < fields.length; ++i) {
            fields[i] = json[BEFORE_FIELDS + i];
        }
        return abi.encode(auth.authenticatorData, fields, auth.r, auth.s);
    }
}
