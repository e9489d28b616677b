// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Published} from "./Published.sol";

/// @notice What an owner signs for its account under ERC-7739, spelt out.
abstract contract NestedSignatures is Published {
    string private constant CONTENTS = "Note(bytes32 text)";

    /// @dev The EIP-712 hash of `PersonalSign(bytes prefixed)` in the account's domain.
    function personalDigest(address account, bytes32 hash) internal view returns (bytes32) {
        bytes32 message = keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), hash));
        return keccak256(abi.encodePacked("\x19\x01", domainSeparator(account), message));
    }

    /// @dev A signature of typed data of some application, and the hash that the application asks
    /// the account about.
    function nestedTypedSignature(Signer memory signer, address account, bytes32 contents)
        internal
        view
        returns (bytes32 hash, bytes memory signature)
    {
        bytes32 application = keccak256("domain of an application");
        hash = keccak256(abi.encodePacked("\x19\x01", application, contents));
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(Note contents,string name,string version,uint256 chainId,",
                "address verifyingContract,bytes32 salt)",
                CONTENTS
            )
        );
        bytes32 message = keccak256(abi.encodePacked(typeHash, contents, encodedDomain(account)));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", application, message));
        signature = abi.encodePacked(
            sign(signer, digest), application, contents, CONTENTS, uint16(bytes(CONTENTS).length)
        );
    }

    function domainSeparator(address account) private view returns (bytes32) {
        (, string memory name, string memory version,,,,) = IERC5267(account).eip712Domain();
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                block.chainid,
                account
            )
        );
    }

    function encodedDomain(address account) private view returns (bytes memory) {
        (, string memory name, string memory version,,,,) = IERC5267(account).eip712Domain();
        return abi.encode(
            keccak256(bytes(name)), keccak256(bytes(version)), block.chainid, account, bytes32(0)
        );
    }
}
