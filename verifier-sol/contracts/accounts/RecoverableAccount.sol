// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignerECDSA} from "@openzeppelin/contracts/utils/cryptography/signers/SignerECDSA.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";

import {IAccountRecovery, IRecoveryProvider} from "../interfaces/IERC7947.sol";

/// @title A small ERC-4337 account with one owner key, which a recovery replaces
/// @notice The owner is an address: a key in a wallet, or the group address of a threshold key. It
/// signs user operations and, in the nested form of ERC-7739, messages for ERC-1271, so that a
/// signature for one account of an owner is none for another. It may also call {execute} directly,
/// so that the account does not depend on a bundler.
///
/// Recovery follows ERC-7947: the account chooses its recovery providers, and nobody else can
/// change the owner. A provider has the same power over the account as its owner; the account adds
/// none by itself.
///
/// One implementation is deployed for each entry point, accounts are clones of it (see
/// {RecoverableAccountFactory}). It can't be upgraded: an account that wants another implementation
/// moves its assets.
contract RecoverableAccount is
    Initializable,
    Account,
    SignerECDSA,
    ERC7739,
    ERC721Holder,
    ERC1155Holder,
    IAccountRecovery
{
    /// @notice One call of a batch.
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice Gas that a provider gets to forget the account, at least.
    uint256 public constant FAREWELL_GAS = 1_000_000;

    /// @dev A call to a cold address, with value.
    uint256 private constant CALL_GAS = 40_000;

    IEntryPoint private immutable ENTRY_POINT;

    mapping(address provider => bool) private _isProvider;

    /// @notice The owner key is another one from now on.
    /// @param previousOwner Whose key it was; zero when the account is made.
    /// @param newOwner Whose key it is.
    event OwnerChanged(address indexed previousOwner, address indexed newOwner);

    /// @notice The entry point must be a contract.
    error EntryPointWithoutCode(address entryPoint);

    /// @notice Zero and the account itself can't be owners.
    error InvalidOwner(address owner);

    /// @notice A recovery's subject is one address, ABI-encoded.
    error InvalidSubject();

    /// @notice Zero and the account itself can't be providers.
    error InvalidRecoveryProvider(address provider);

    /// @notice The provider was added before.
    error RecoveryProviderAlreadyAdded(address provider);

    /// @notice The provider is none of the account's.
    error RecoveryProviderNotAdded(address provider);

    /// @notice Too little gas for the provider to forget the account.
    error NotEnoughGas(uint256 got, uint256 needed);

    /// @dev The implementation has no owner and can't get one.
    constructor(IEntryPoint entryPoint_) EIP712("RecoverableAccount", "1") SignerECDSA(address(0)) {
        require(address(entryPoint_).code.length != 0, EntryPointWithoutCode(address(entryPoint_)));
        ENTRY_POINT = entryPoint_;
        _disableInitializers();
    }

    /// @notice Sets the first owner; the factory calls it in the transaction that makes the clone.
    /// @param owner_ The owner.
    function initialize(address owner_) external initializer {
        _setOwner(owner_);
    }

    /// @dev What the account may do to itself, its owner and its entry point may make it do.
    modifier onlyOwnerOrEntryPointOrSelf() {
        if (msg.sender != signer()) _checkEntryPointOrSelf();
        _;
    }

    /// @notice The entry point of this account.
    /// @return The contract that was given to the implementation's constructor.
    function entryPoint() public view override returns (IEntryPoint) {
        return ENTRY_POINT;
    }

    /// @notice The key that controls the account.
    /// @return The owner's address.
    function owner() external view returns (address) {
        return signer();
    }

    /// @notice Makes one call; what it reverts with is passed on.
    /// @param target Whom to call.
    /// @param value How much to send.
    /// @param data The call data.
    function execute(address target, uint256 value, bytes calldata data)
        external
        payable
        onlyOwnerOrEntryPointOrSelf
    {
        _call(target, value, data);
    }

    /// @notice Makes several calls, all or none.
    /// @param calls The calls, in order.
    function executeBatch(Call[] calldata calls) external payable onlyOwnerOrEntryPointOrSelf {
        for (uint256 i = 0; i < calls.length; ++i) {
            _call(calls[i].target, calls[i].value, calls[i].data);
        }
    }

    /// @notice Replaces the owner key by the owner's own will.
    /// @param newOwner The new owner.
    function changeOwner(address newOwner) external onlyOwnerOrEntryPointOrSelf {
        _setOwner(newOwner);
    }

    /// @inheritdoc IAccountRecovery
    function addRecoveryProvider(address provider, bytes memory recoveryData)
        external
        payable
        onlyOwnerOrEntryPointOrSelf
    {
        require(
            provider != address(0) && provider != address(this), InvalidRecoveryProvider(provider)
        );
        require(!_isProvider[provider], RecoveryProviderAlreadyAdded(provider));
        _isProvider[provider] = true;
        emit RecoveryProviderAdded(provider);
        IRecoveryProvider(provider).subscribe{value: msg.value}(recoveryData);
    }

    /// @inheritdoc IAccountRecovery
    /// @dev A provider that refuses the farewell, or has no code any more, is removed all the same:
    /// it can't keep its power by reverting. One that would forget the account is given the gas for
    /// it, so that nothing is left behind because a removal was sent with too little.
    function removeRecoveryProvider(address provider) external payable onlyOwnerOrEntryPointOrSelf {
        require(_isProvider[provider], RecoveryProviderNotAdded(provider));
        delete _isProvider[provider];
        emit RecoveryProviderRemoved(provider);
        // A call gets at most 63 of 64 parts (EIP-150), and making it costs less than the rest.
        uint256 needed = FAREWELL_GAS + FAREWELL_GAS / 63 + CALL_GAS;
        require(gasleft() >= needed, NotEnoughGas(gasleft(), needed));
        LowLevelCall.callNoReturn(
            provider, msg.value, abi.encodeCall(IRecoveryProvider.unsubscribe, ())
        );
    }

    /// @inheritdoc IAccountRecovery
    function recoveryProviderAdded(address provider) external view returns (bool) {
        return _isProvider[provider];
    }

    /// @inheritdoc IAccountRecovery
    /// @dev The subject is `abi.encode(newOwner)`. The provider is asked first and refuses by
    /// reverting; it is as trusted as the owner, so there is nothing that it could gain by calling
    /// back.
    function recoverAccess(bytes memory subject, address provider, bytes memory proof)
        external
        returns (bool)
    {
        require(_isProvider[provider], RecoveryProviderNotAdded(provider));
        require(subject.length == 32, InvalidSubject());
        require(abi.decode(subject, (uint256)) <= type(uint160).max, InvalidSubject());
        IRecoveryProvider(provider).recover(subject, proof);
        _setOwner(abi.decode(subject, (address)));
        emit AccessRecovered(subject);
        return true;
    }

    function _call(address target, uint256 value, bytes calldata data) private {
        if (!LowLevelCall.callNoReturn(target, value, data)) LowLevelCall.bubbleRevert();
    }

    function _setOwner(address newOwner) private {
        require(newOwner != address(0) && newOwner != address(this), InvalidOwner(newOwner));
        emit OwnerChanged(signer(), newOwner);
        _setSigner(newOwner);
    }
}
