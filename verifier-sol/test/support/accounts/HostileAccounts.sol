// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../../../contracts/EmailRecovery.sol";
import {IEmailRecovery} from "../../../contracts/interfaces/IEmailRecovery.sol";
import {IAccountRecovery, IRecoveryProvider} from "../../../contracts/interfaces/IERC7947.sol";

/// @notice An ERC-7947 account that does as a test tells it instead of recovering.
contract HostileERC7947Account is IAccountRecovery {
    enum Deed {
        AgreeWithoutAsking,
        AskAndDisagree,
        AskTwice,
        AskForAnotherKey,
        ExecuteAgain,
        ExecuteAnother,
        RecoverAnother,
        Reconfigure
    }

    Deed private _deed;
    address private _other;
    IEmailRecovery.RecoveryConfig private _config;

    function prepare(Deed deed, address other) external {
        _deed = deed;
        _other = other;
    }

    function prepareConfig(IEmailRecovery.RecoveryConfig memory config) external {
        _config.verifier = config.verifier;
        _config.setupAcknowledgement = config.setupAcknowledgement;
        _config.cancelThreshold = config.cancelThreshold;
        _config.votingPeriod = config.votingPeriod;
        _config.registry = config.registry;
        _config.threshold = config.threshold;
        _config.delay = config.delay;
        _config.expiry = config.expiry;
        _config.maxMailAge = config.maxMailAge;
        for (uint256 i = 0; i < config.guardians.length; ++i) {
            _config.guardians.push(config.guardians[i]);
        }
    }

    function addRecoveryProvider(address provider, bytes memory data) external payable {
        IRecoveryProvider(provider).subscribe(data);
    }

    function removeRecoveryProvider(address provider) external payable {
        IRecoveryProvider(provider).unsubscribe();
    }

    function recoveryProviderAdded(address) external pure returns (bool) {
        return true;
    }

    function recoverAccess(bytes memory subject, address provider, bytes memory)
        external
        returns (bool)
    {
        if (_deed == Deed.AgreeWithoutAsking) return true;
        if (_deed == Deed.AskForAnotherKey) subject = abi.encode(address(0xbad));
        if (_deed == Deed.ExecuteAgain) EmailRecovery(provider).execute(address(this));
        if (_deed == Deed.ExecuteAnother) EmailRecovery(provider).execute(_other);
        if (_deed == Deed.RecoverAnother) {
            return IAccountRecovery(_other).recoverAccess(subject, provider, "");
        }
        if (_deed == Deed.Reconfigure) EmailRecovery(provider).configure(_config);
        IRecoveryProvider(provider).recover(subject, "");
        if (_deed == Deed.AskTwice) IRecoveryProvider(provider).recover(subject, "");
        return _deed != Deed.AskAndDisagree;
    }
}

/// @notice A recovery provider that keeps whom it has.
contract ClingingProvider is IRecoveryProvider {
    error Stay();

    function subscribe(bytes memory) external payable {}

    function unsubscribe() external payable {
        revert Stay();
    }

    function getRecoveryData(address) external pure returns (bytes memory) {
        return "";
    }

    function recover(bytes memory, bytes memory) external {}
}
