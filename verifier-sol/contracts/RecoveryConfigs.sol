// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {RegistryRoot} from "./interfaces/PublicInputs.sol";

/// @title What an account may decide
/// @notice The bounds of a `RecoveryConfig`, and the refusal of everything outside of them.
library RecoveryConfigs {
    /// @notice The most guardians that an account can have: every loop is over them.
    uint256 internal constant MAX_GUARDIANS = 16;
    /// @notice The shortest delay.
    uint256 internal constant MIN_DELAY = 1 hours;
    /// @notice The longest delay.
    uint256 internal constant MAX_DELAY = 90 days;
    /// @notice The least time between delay and expiry.
    uint256 internal constant MIN_WINDOW = 2 days;
    /// @notice The longest expiry.
    uint256 internal constant MAX_EXPIRY = 365 days;
    /// @notice The shortest time that a round takes votes.
    uint256 internal constant MIN_VOTING_PERIOD = 1 days;
    /// @notice The longest time that a round takes votes, so how long a stolen mailbox's undated
    /// mail can be of use.
    uint256 internal constant MAX_VOTING_PERIOD = 90 days;
    /// @notice The least `maxMailAge`.
    uint256 internal constant MIN_MAIL_AGE = 1 hours;
    /// @notice The largest `maxMailAge`.
    uint256 internal constant MAX_MAIL_AGE = 365 days;
    /// @notice The longest `rootDelay`.
    uint256 internal constant MAX_ROOT_DELAY = 90 days;

    /// @notice What an account says to take a verifier whose proofs anybody can forge. The adapter
    /// and the generated contract ask their deployers for the same words.
    bytes32 internal constant INSECURE_SETUP_ACKNOWLEDGEMENT = keccak256("I accept forged proofs");

    bytes32 private constant CEREMONY = keccak256("ceremony");

    /// @notice Reverts unless the configuration is within its bounds and its contracts answer.
    /// @param config The configuration.
    /// @return insecure Whether proofs of its verifier can be forged, which it says to know.
    function requireValid(IEmailRecovery.RecoveryConfig memory config)
        internal
        view
        returns (bool insecure)
    {
        insecure = _requireKnownSetup(config.verifier, config.setupAcknowledgement);
        _requireCode(address(config.registry));
        // Asked whether or not there is a pin: what doesn't answer is no registry.
        bool revoked = config.registry.isRevoked(config.pinnedRoot);
        if (revoked && config.pinnedRoot != RegistryRoot.wrap(0)) {
            revert IEmailRecovery.RootNotAccepted(config.pinnedRoot);
        }
        if (config.rootDelay > MAX_ROOT_DELAY) {
            revert IEmailRecovery.InvalidRootDelay(config.rootDelay, MAX_ROOT_DELAY);
        }
        _requireTimes(config);
        _requireGuardians(config);
    }

    function _requireKnownSetup(IRecoveryProofVerifier verifier, bytes32 acknowledgement)
        private
        view
        returns (bool insecure)
    {
        _requireCode(address(verifier));
        string memory kind = verifier.srsKind();
        insecure = keccak256(bytes(kind)) != CEREMONY;
        if (insecure && acknowledgement != INSECURE_SETUP_ACKNOWLEDGEMENT) {
            revert IEmailRecovery.InsecureSetupNotAcknowledged(kind);
        }
    }

    function _requireTimes(IEmailRecovery.RecoveryConfig memory config) private pure {
        if (config.delay < MIN_DELAY || config.delay > MAX_DELAY) {
            revert IEmailRecovery.InvalidDelay(config.delay, MIN_DELAY, MAX_DELAY);
        }
        uint256 minExpiry = config.delay + MIN_WINDOW;
        if (config.expiry < minExpiry || config.expiry > MAX_EXPIRY) {
            revert IEmailRecovery.InvalidExpiry(config.expiry, minExpiry, MAX_EXPIRY);
        }
        uint256 period = config.votingPeriod;
        if (period < MIN_VOTING_PERIOD || period > MAX_VOTING_PERIOD) {
            revert IEmailRecovery.InvalidVotingPeriod(period, MIN_VOTING_PERIOD, MAX_VOTING_PERIOD);
        }
        if (config.maxMailAge < MIN_MAIL_AGE || config.maxMailAge > MAX_MAIL_AGE) {
            revert IEmailRecovery.InvalidMailAge(config.maxMailAge, MIN_MAIL_AGE, MAX_MAIL_AGE);
        }
    }

    function _requireGuardians(IEmailRecovery.RecoveryConfig memory config) private pure {
        uint256 count = config.guardians.length;
        if (count == 0 || count > MAX_GUARDIANS) {
            revert IEmailRecovery.GuardianCount(count, MAX_GUARDIANS);
        }
        uint256 total;
        for (uint256 i = 0; i < count; ++i) {
            IEmailRecovery.GuardianWeight memory guardian = config.guardians[i];
            if (!guardian.guardian.isGuardianId()) {
                revert IEmailRecovery.InvalidGuardian(guardian.guardian);
            }
            if (guardian.weight == 0) revert IEmailRecovery.ZeroWeight(guardian.guardian);
            for (uint256 j = 0; j < i; ++j) {
                if (config.guardians[j].guardian == guardian.guardian) {
                    revert IEmailRecovery.DuplicateGuardian(guardian.guardian);
                }
            }
            total += guardian.weight;
        }
        _requireReachable(config.threshold, total);
        _requireReachable(config.cancelThreshold, total);
    }

    function _requireReachable(uint256 threshold, uint256 total) private pure {
        if (threshold == 0 || threshold > total) {
            revert IEmailRecovery.InvalidThreshold(threshold, total);
        }
    }

    function _requireCode(address target) private view {
        if (target.code.length == 0) revert IEmailRecovery.NoCode(target);
    }
}
