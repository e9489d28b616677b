// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    IERC7579Module,
    IERC7579Validator,
    MODULE_TYPE_VALIDATOR,
    VALIDATION_FAILED,
    VALIDATION_SUCCESS
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title An ERC-7579 validator with one owner key for each account
/// @notice The owner signs the hash of a user operation as it is (an EIP-712 hash since entry point
/// 0.8), and for ERC-1271 the hash of {replaySafeHash}, so that a signature for one account of an
/// owner is none for another. Only the account changes its owner: by its own call, or by that of an
/// executor that it trusts, such as `ERC7579EmailRecovery`.
contract OwnerValidator is EIP712, IERC7579Validator {
    bytes32 private constant ACCOUNT_MESSAGE_TYPEHASH =
        keccak256("AccountMessage(address account,bytes32 hash)");

    /// @notice The owner key of an account; zero where the validator is not installed.
    mapping(address account => address) public ownerOf;

    /// @notice The owner of `account` is another one from now on.
    /// @param account The account.
    /// @param previousOwner Whose key it was; zero at installation.
    /// @param newOwner Whose key it is; zero after the validator is gone.
    event OwnerChanged(
        address indexed account, address indexed previousOwner, address indexed newOwner
    );

    /// @notice The account has installed this validator before.
    error AlreadyInstalled(address account);

    /// @notice The account has not installed this validator.
    error NotInstalled(address account);

    /// @notice Zero and the account itself can't be owners.
    error InvalidOwner(address owner);

    // solhint-disable-next-line no-empty-blocks
    constructor() EIP712("OwnerValidator", "1") {}

    /// @inheritdoc IERC7579Module
    /// @param data `abi.encode(owner)`.
    function onInstall(bytes calldata data) external {
        require(ownerOf[msg.sender] == address(0), AlreadyInstalled(msg.sender));
        _setOwner(abi.decode(data, (address)));
    }

    /// @inheritdoc IERC7579Module
    /// @dev Ignores its data.
    function onUninstall(bytes calldata) external {
        address owner = ownerOf[msg.sender];
        require(owner != address(0), NotInstalled(msg.sender));
        delete ownerOf[msg.sender];
        emit OwnerChanged(msg.sender, owner, address(0));
    }

    /// @notice Replaces the owner of the calling account.
    /// @param newOwner The new owner.
    function changeOwner(address newOwner) external {
        require(ownerOf[msg.sender] != address(0), NotInstalled(msg.sender));
        _setOwner(newOwner);
    }

    /// @inheritdoc IERC7579Validator
    function validateUserOp(PackedUserOperation calldata userOp, bytes32 userOpHash)
        external
        view
        returns (uint256)
    {
        return _isSignedByOwner(msg.sender, userOpHash, userOp.signature)
            ? VALIDATION_SUCCESS
            : VALIDATION_FAILED;
    }

    /// @inheritdoc IERC7579Validator
    /// @dev Whoever asks the account gets the same answer.
    function isValidSignatureWithSender(address, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _isSignedByOwner(msg.sender, replaySafeHash(msg.sender, hash), signature)
            ? IERC1271.isValidSignature.selector
            : bytes4(0xffffffff);
    }

    /// @notice What the owner of `account` signs so that the account accepts `hash`.
    /// @param account The account.
    /// @param hash The hash that the account is asked about.
    /// @return The EIP-712 hash.
    function replaySafeHash(address account, bytes32 hash) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ACCOUNT_MESSAGE_TYPEHASH, account, hash)));
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @notice Says whether `account` has installed this validator.
    /// @param account The account.
    /// @return Whether it has an owner here.
    function isInitialized(address account) external view returns (bool) {
        return ownerOf[account] != address(0);
    }

    /// @dev Signatures of 65 bytes with a low s; anything else is none.
    function _isSignedByOwner(address account, bytes32 hash, bytes calldata signature)
        private
        view
        returns (bool)
    {
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(hash, signature);
        return error == ECDSA.RecoverError.NoError && signer == ownerOf[account];
    }

    function _setOwner(address newOwner) private {
        require(newOwner != address(0) && newOwner != msg.sender, InvalidOwner(newOwner));
        emit OwnerChanged(msg.sender, ownerOf[msg.sender], newOwner);
        ownerOf[msg.sender] = newOwner;
    }
}
