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
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {OwnerBytes} from "../OwnerBytes.sol";

/// @title An ERC-7579 validator with one owner of any kind for each account
/// @notice The owner is a signer of ERC-7913: a passkey or another key behind its verifier's address, a
/// contract that signs, or a plain key. It signs what the owner of `OwnerValidator` signs. Only the account
/// changes its owner: by its own call, or by that of an executor that it trusts, such as
/// `ERC7579EmailRecovery`.
/// @dev Owners lie in slots that are associated with the account (ERC-7562), which `bytes` in storage would
/// not. Of verifiers, a bundler takes those that read no storage, such as OpenZeppelin's; of contracts that
/// sign, those that read the account's alone.
contract SignerValidator is EIP712, IERC7579Validator {
    bytes32 private constant ACCOUNT_MESSAGE_TYPEHASH =
        keccak256("AccountMessage(address account,bytes32 hash)");

    uint256 private constant WORD_BYTES = 32;

    /// @dev A length, and the bytes in words, `OwnerBytes.MAX_BYTES` at most; a length of 0 where the validator
    /// is not installed.
    struct Stored {
        uint256 length;
        bytes32[32] words;
    }

    mapping(address account => Stored) private _owners;

    /// @notice The owner of `account` is another one from now on.
    /// @param account The account.
    /// @param newOwner The owner; empty after the validator is gone.
    event OwnerChanged(address indexed account, bytes newOwner);

    /// @notice The account has installed this validator before.
    error AlreadyInstalled(address account);

    /// @notice The account has not installed this validator.
    error NotInstalled(address account);

    /// @notice No signer of ERC-7913 of at most 1,024 bytes, zero, or the account itself.
    error InvalidOwner(bytes owner);

    // solhint-disable-next-line no-empty-blocks
    constructor() EIP712("SignerValidator", "1") {}

    /// @inheritdoc IERC7579Module
    /// @param data The owner, as it is.
    function onInstall(bytes calldata data) external {
        require(!isInitialized(msg.sender), AlreadyInstalled(msg.sender));
        _setOwner(data);
    }

    /// @inheritdoc IERC7579Module
    /// @dev Ignores its data.
    function onUninstall(bytes calldata) external {
        require(isInitialized(msg.sender), NotInstalled(msg.sender));
        delete _owners[msg.sender].length;
        emit OwnerChanged(msg.sender, "");
    }

    /// @notice Replaces the owner of the calling account.
    /// @param newOwner The new owner.
    function changeOwner(bytes calldata newOwner) external {
        require(isInitialized(msg.sender), NotInstalled(msg.sender));
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

    /// @notice The owner of an account.
    /// @param account The account.
    /// @return owner The owner; empty where the validator is not installed.
    function ownerOf(address account) public view returns (bytes memory owner) {
        Stored storage stored = _owners[account];
        owner = new bytes(stored.length);
        for (uint256 at = 0; at < owner.length; at += WORD_BYTES) {
            bytes32 word = stored.words[at / WORD_BYTES];
            assembly ("memory-safe") {
                // The last word may go beyond the length, as far as memory is rounded up: it ends in zeros.
                mstore(add(add(owner, 0x20), at), word)
            }
        }
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @notice Says whether `account` has installed this validator.
    /// @param account The account.
    /// @return Whether it has an owner here.
    function isInitialized(address account) public view returns (bool) {
        return _owners[account].length != 0;
    }

    /// @dev False for an account without an owner: no signer is shorter than an address.
    function _isSignedByOwner(address account, bytes32 hash, bytes calldata signature)
        private
        view
        returns (bool)
    {
        return SignatureChecker.isValidSignatureNow(ownerOf(account), hash, signature);
    }

    function _setOwner(bytes calldata newOwner) private {
        require(
            OwnerBytes.isOwner(newOwner) && OwnerBytes.toAddress(newOwner) != msg.sender,
            InvalidOwner(newOwner)
        );
        Stored storage stored = _owners[msg.sender];
        stored.length = newOwner.length;
        for (uint256 at = 0; at < newOwner.length; at += WORD_BYTES) {
            uint256 end = at + WORD_BYTES < newOwner.length ? at + WORD_BYTES : newOwner.length;
            stored.words[at / WORD_BYTES] = bytes32(newOwner[at:end]);
        }
        emit OwnerChanged(msg.sender, newOwner);
    }
}
