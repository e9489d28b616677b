// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {SignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/SignerERC7913.sol";
import {IAccountRecovery, IRecoveryProvider} from "../../../contracts/interfaces/IERC7947.sol";

/// @notice OpenZeppelin's account of one ERC-7913 signer, with ERC-7947 as an author would add it: the subject
/// is the signer, but an address comes ABI-encoded.
contract SignerAccount is Account, SignerERC7913, IAccountRecovery {
    mapping(address provider => bool) public recoveryProviderAdded;

    constructor(bytes memory signer_) SignerERC7913(signer_) {}

    function addRecoveryProvider(address provider, bytes memory data)
        external
        payable
        onlyEntryPointOrSelf
    {
        recoveryProviderAdded[provider] = true;
        emit RecoveryProviderAdded(provider);
        IRecoveryProvider(provider).subscribe(data);
    }

    function removeRecoveryProvider(address provider) external payable onlyEntryPointOrSelf {
        delete recoveryProviderAdded[provider];
        emit RecoveryProviderRemoved(provider);
        IRecoveryProvider(provider).unsubscribe();
    }

    function recoverAccess(bytes memory subject, address provider, bytes memory proof)
        external
        returns (bool)
    {
        require(recoveryProviderAdded[provider], "no provider of mine");
        IRecoveryProvider(provider).recover(subject, proof);
        _setSigner(
            subject.length == 32 ? abi.encodePacked(abi.decode(subject, (address))) : subject
        );
        emit AccessRecovered(subject);
        return true;
    }

    function isSignedBy(bytes32 hash, bytes calldata signature) external view returns (bool) {
        return _rawSignatureValidation(hash, signature);
    }

    function entryPoint() public pure override returns (IEntryPoint) {
        return ERC4337Utils.ENTRYPOINT_V08;
    }
}
