// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ERC7947EmailRecovery} from "../../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccount} from "../../../contracts/accounts/RecoverableAccount.sol";
import {IEmailRecovery} from "../../../contracts/interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "../../../contracts/interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "../../../contracts/interfaces/IRecoveryProofVerifier.sol";
import {ERC7579EmailRecovery} from "../../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCall, KeyPlace} from "../../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../../contracts/modules/OwnerValidator.sol";
import {SafeEmailRecovery} from "../../../contracts/modules/SafeEmailRecovery.sol";
import {GuardianId} from "../../../contracts/interfaces/GuardianId.sol";

/// @notice What `docs/contracts.md` tells developers of accounts to write, in its words: each
/// function makes a call for the account to make.
library InstallExamples {
    // docs: configuration
    function twoOfThree(
        IRecoveryProofVerifier verifier,
        IKeyRegistryRoots registry,
        GuardianId[3] memory commitments
    ) internal pure returns (IEmailRecovery.RecoveryConfig memory config) {
        config.verifier = verifier;
        config.registry = registry;
        config.threshold = 2;
        config.cancelThreshold = 2; // guardians who agree stop a recovery, too
        config.votingPeriod = 7 days; // from the opening of a round
        config.delay = 3 days; // the owner's time to cancel
        config.expiry = 17 days; // from the start of the delay
        config.maxMailAge = 7 days;
        config.undatedMail = IEmailRecovery.UndatedMail.Accept; // Outlook has no t=
        config.guardians = new IEmailRecovery.GuardianWeight[](3);
        for (uint256 i = 0; i < 3; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(commitments[i], 1);
        }
    }

    // docs: ERC-4337 account
    function onAccount(ERC7947EmailRecovery recovery, IEmailRecovery.RecoveryConfig memory config)
        internal
        pure
        returns (bytes memory callOfTheAccountToItself)
    {
        return abi.encodeCall(
            RecoverableAccount.addRecoveryProvider, (address(recovery), abi.encode(config))
        );
    }

    // docs: ERC-7579 module
    function onModularAccount(
        ERC7579EmailRecovery recovery,
        OwnerValidator validator,
        IEmailRecovery.RecoveryConfig memory config
    ) internal pure returns (bytes memory callOfTheAccountToItself) {
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall({
            target: address(validator),
            place: KeyPlace.Key,
            keyOffset: 16, // the last 20 bytes of the first argument
            callData: abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        });
        return abi.encodeCall(
            IERC7579ModuleConfig.installModule, (2, address(recovery), abi.encode(calls, config))
        );
    }

    // docs: Safe module
    function onSafe(address replaceable, IEmailRecovery.RecoveryConfig memory config)
        internal
        pure
        returns (bytes memory callOfTheSafeToTheModule)
    {
        return abi.encodeCall(SafeEmailRecovery.configureOwner, (replaceable, config));
    }
    // docs: end
}
