// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {GuardianId} from "./interfaces/GuardianId.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {RegistryRoot} from "./interfaces/PublicInputs.sol";

/// @title Which changes of a configuration weaken it
/// @notice What a thief of the account's key could use: to take recovery away from the guardians, or to
/// make it its own. Two ends pull here: a lower threshold lets in, a higher one that nobody reaches locks
/// out. So a change is no weaker only if both are excluded.
library RecoveryWeakening {
    /// @notice Whether a configuration is in any respect weaker than the present one.
    /// @param present The present one.
    /// @param accepted Which of its guardians have accepted.
    /// @param next The other one.
    /// @param pinCounts Whether it pins a root where none is, which counts already.
    /// @return Whether it is.
    function weakens(
        IEmailRecovery.RecoveryConfig memory present,
        bool[] memory accepted,
        IEmailRecovery.RecoveryConfig memory next,
        bool pinCounts
    ) internal pure returns (bool) {
        return _weakensQuorum(present, accepted, next) || _weakensTimes(present, next)
            || _weakensTrust(present, next, pinCounts);
    }

    /// @dev Nobody comes, leaves, gains or loses weight: who comes could be the thief's and, once it has
    /// accepted, make a threshold look reached that the others do not reach. Thresholds rise as far as
    /// those who have accepted reach, so that recoveries and cancellations stay possible.
    function _weakensQuorum(
        IEmailRecovery.RecoveryConfig memory present,
        bool[] memory accepted,
        IEmailRecovery.RecoveryConfig memory next
    ) private pure returns (bool) {
        if (next.guardians.length != present.guardians.length) return true;
        uint256 reached;
        for (uint256 i = 0; i < present.guardians.length; ++i) {
            uint256 weight = present.guardians[i].weight;
            if (_weightOf(next, present.guardians[i].guardian) != weight) return true;
            if (accepted[i]) reached += weight;
        }
        return next.threshold < present.threshold || next.threshold > reached
            || next.cancelThreshold < present.cancelThreshold
            || next.cancelThreshold > Math.max(present.cancelThreshold, reached);
    }

    /// @dev Less time for the owner to cancel, for guardians to vote, or for anybody to execute; older mail.
    function _weakensTimes(
        IEmailRecovery.RecoveryConfig memory present,
        IEmailRecovery.RecoveryConfig memory next
    ) private pure returns (bool) {
        return next.delay < present.delay
            || next.expiry - next.delay < present.expiry - present.delay
            || next.votingPeriod < present.votingPeriod || next.maxMailAge > present.maxMailAge
            || next.rootDelay < present.rootDelay;
    }

    /// @dev Others whose word counts, and other mail. A root may be pinned where none is, if it counts already;
    /// a pin that goes may leave somebody's provider without a root. So may roots that count later, unless
    /// such a pin comes with them.
    function _weakensTrust(
        IEmailRecovery.RecoveryConfig memory present,
        IEmailRecovery.RecoveryConfig memory next,
        bool pinCounts
    ) private pure returns (bool) {
        bool otherPin = next.pinnedRoot != present.pinnedRoot
            && (present.pinnedRoot != RegistryRoot.wrap(0) || !pinCounts);
        bool laterRoots = next.rootDelay > present.rootDelay && !pinCounts;
        return otherPin || laterRoots || next.verifier != present.verifier
            || next.registry != present.registry || next.undatedMail != present.undatedMail
            || next.subjectForms != present.subjectForms;
    }

    function _weightOf(IEmailRecovery.RecoveryConfig memory config, GuardianId guardian)
        private
        pure
        returns (uint256)
    {
        for (uint256 i = 0; i < config.guardians.length; ++i) {
            if (config.guardians[i].guardian == guardian) return config.guardians[i].weight;
        }
        return 0;
    }
}
