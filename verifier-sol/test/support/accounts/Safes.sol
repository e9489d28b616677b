// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {Enum} from "@safe-global/safe-smart-account/contracts/libraries/Enum.sol";
import {Published} from "./Published.sol";

interface ISafeProxyFactory {
    function createProxyWithNonce(address singleton, bytes memory initializer, uint256 saltNonce)
        external
        returns (address proxy);
}

interface IMultiSend {
    function multiSend(bytes memory transactions) external payable;
}

/// @notice Safes 1.5.0: the published singleton behind proxies of the published factory.
abstract contract Safes is Published {
    ISafeProxyFactory internal constant SAFE_FACTORY =
        ISafeProxyFactory(0x5aFE000000000000000000000000000000000001);
    address internal constant SAFE_SINGLETON = 0x5AFE000000000000000000000000000000000002;
    address internal constant SAFE_FALLBACK_HANDLER = 0x5afe000000000000000000000000000000000003;
    IMultiSend internal constant MULTI_SEND =
        IMultiSend(0x5AfE000000000000000000000000000000000004);

    string private constant ARTEFACTS =
        "@safe-global/safe-smart-account/build/artifacts/contracts/";

    function deploySafeContracts() internal {
        deployArtefactAt(
            address(SAFE_FACTORY),
            string.concat(ARTEFACTS, "proxies/SafeProxyFactory.sol/SafeProxyFactory.json")
        );
        deployArtefactAt(SAFE_SINGLETON, string.concat(ARTEFACTS, "Safe.sol/Safe.json"));
        deployArtefactAt(
            SAFE_FALLBACK_HANDLER,
            string.concat(
                ARTEFACTS,
                "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json"
            )
        );
        deployArtefactAt(
            address(MULTI_SEND), string.concat(ARTEFACTS, "libraries/MultiSend.sol/MultiSend.json")
        );
    }

    /// @dev A Safe whose list of owners has the order of `owners`.
    function newSafe(Signer[] memory owners, uint256 threshold) internal returns (ISafe) {
        address[] memory addresses = new address[](owners.length);
        for (uint256 i = 0; i < owners.length; ++i) {
            addresses[i] = owners[i].addr;
        }
        bytes memory setup = abi.encodeCall(
            ISafe.setup,
            (
                addresses,
                threshold,
                address(0),
                "",
                SAFE_FALLBACK_HANDLER,
                address(0),
                0,
                payable(address(0))
            )
        );
        return ISafe(payable(SAFE_FACTORY.createProxyWithNonce(SAFE_SINGLETON, setup, 0)));
    }

    /// @dev The Safe calls, as these owners sign.
    function safeCall(ISafe safe, Signer[] memory signers, address to, bytes memory data) internal {
        safeTransaction(safe, signers, to, data, Enum.Operation.Call);
    }

    /// @dev The Safe makes two calls in one transaction.
    function safeCalls(
        ISafe safe,
        Signer[] memory signers,
        address[2] memory to,
        bytes[2] memory data
    ) internal {
        bytes memory transactions;
        for (uint256 i = 0; i < 2; ++i) {
            transactions = abi.encodePacked(
                transactions, uint8(0), to[i], uint256(0), data[i].length, data[i]
            );
        }
        safeTransaction(
            safe,
            signers,
            address(MULTI_SEND),
            abi.encodeCall(IMultiSend.multiSend, (transactions)),
            Enum.Operation.DelegateCall
        );
    }

    function safeTransaction(
        ISafe safe,
        Signer[] memory signers,
        address to,
        bytes memory data,
        Enum.Operation kind
    ) internal {
        bytes memory joined = signatures(signers, transactionHash(safe, to, data, kind));
        safe.execTransaction(to, 0, data, kind, 0, 0, 0, address(0), payable(address(0)), joined);
    }

    function transactionHash(ISafe safe, address to, bytes memory data, Enum.Operation kind)
        internal
        view
        returns (bytes32)
    {
        uint256 nonce_ = safe.nonce();
        return safe.getTransactionHash(to, 0, data, kind, 0, 0, 0, address(0), address(0), nonce_);
    }

    /// @dev In the order of addresses, as Safes want them.
    function signatures(Signer[] memory signers, bytes32 digest)
        internal
        pure
        returns (bytes memory joined)
    {
        Signer[] memory sorted = new Signer[](signers.length);
        for (uint256 i = 0; i < signers.length; ++i) {
            uint256 j = i;
            for (; j > 0 && sorted[j - 1].addr > signers[i].addr; --j) {
                sorted[j] = sorted[j - 1];
            }
            sorted[j] = signers[i];
        }
        for (uint256 i = 0; i < sorted.length; ++i) {
            joined = abi.encodePacked(joined, sign(sorted[i], digest));
        }
    }
}
