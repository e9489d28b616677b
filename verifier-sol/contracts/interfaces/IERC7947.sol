// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The account's side of ERC-7947 (draft), Account Abstraction Recovery Interface
/// @notice An account that lets recovery providers of its choice give access to a new subject.
interface IAccountRecovery {
    /// @notice A recovery gave access to `subject`.
    /// @param subject Who has access now, as the account encodes it.
    event AccessRecovered(bytes subject);

    /// @notice The account trusts `provider` from now on.
    /// @param provider The provider.
    event RecoveryProviderAdded(address indexed provider);

    /// @notice The account does not trust `provider` any more.
    /// @param provider The provider.
    event RecoveryProviderRemoved(address indexed provider);

    /// @notice Adds a provider and subscribes the account to it.
    /// @param provider A contract with {IRecoveryProvider}.
    /// @param recoveryData What the provider is to know about the account.
    function addRecoveryProvider(address provider, bytes memory recoveryData) external payable;

    /// @notice Removes a provider and unsubscribes the account from it.
    /// @param provider A provider that was added before.
    function removeRecoveryProvider(address provider) external payable;

    /// @notice Says whether `provider` is one of the account's.
    /// @param provider The provider.
    /// @return Whether it was added and not removed since.
    function recoveryProviderAdded(address provider) external view returns (bool);

    /// @notice Gives access to `subject` if the provider's `recover` does not revert. Anybody may
    /// call it: the provider decides.
    /// @param subject Who gets access, as the account encodes it.
    /// @param provider One of the account's providers.
    /// @param proof What the provider wants to see.
    /// @return True; a recovery that fails reverts.
    function recoverAccess(bytes memory subject, address provider, bytes memory proof)
        external
        returns (bool);
}

/// @title The provider's side of ERC-7947 (draft), Account Abstraction Recovery Interface
/// @notice A provider knows when an account may be recovered, and to whom.
interface IRecoveryProvider {
    /// @notice `account` subscribed.
    /// @param account The account.
    event AccountSubscribed(address indexed account);

    /// @notice `account` unsubscribed.
    /// @param account The account.
    event AccountUnsubscribed(address indexed account);

    /// @notice Subscribes the caller.
    /// @param recoveryData The caller's recovery data.
    function subscribe(bytes memory recoveryData) external payable;

    /// @notice Forgets the caller's recovery data.
    function unsubscribe() external payable;

    /// @notice What an account subscribed with.
    /// @param account The account.
    /// @return The recovery data, empty where the account is not subscribed.
    function getRecoveryData(address account) external view returns (bytes memory);

    /// @notice Reverts unless the caller may be recovered to `object` now; uses the recovery up.
    /// @param object Who would get access.
    /// @param proof The proof.
    function recover(bytes memory object, bytes memory proof) external;
}
