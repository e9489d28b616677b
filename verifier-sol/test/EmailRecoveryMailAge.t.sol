// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice How old a mail may be, and mail without a time.
contract EmailRecoveryMailAgeTest is MockedRecoveryTest {
    function test_vote_revertsWhenTheMailIsTooOld() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.warp(START + MAIL_AGE + 1);
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, START, START + 1)
        );
        vm.warp(START + MAIL_AGE);
        submitVote(NEW_KEY, inputs);
    }

    /// @dev The second fence around stocked mail: it could not have known the nonce.
    function test_vote_revertsWhenTheMailIsOlderThanTheRound() external {
        acceptAll();
        vm.warp(START + 1 hours);
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        uint256 oldest = START + 1 hours - 15 minutes;
        inputs.notBefore = oldest - 1;
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, oldest - 1, oldest)
        );
        inputs.notBefore = oldest;
        submitVote(NEW_KEY, inputs);
    }

    function test_acceptGuardian_revertsWhenTheMailIsOlderThanTheConfiguration() external {
        vm.warp(START + 1 hours);
        configure(ACCOUNT, defaultConfig());
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        uint256 oldest = START + 1 hours - 15 minutes;
        inputs.notBefore = oldest - 1;
        refuseAcceptance(
            inputs, abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, oldest - 1, oldest)
        );
        inputs.notBefore = oldest;
        submitAcceptance(inputs);
    }

    /// @dev Acceptances have all the time that mail may take; the largest age still is one, and the
    /// future is refused all the same.
    function test_acceptGuardian_ageIsBoundedByTheLargestThereIs() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.maxMailAge = 365 days;
        configure(ACCOUNT, config);
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        vm.warp(START + 365 days + 1);
        refuseAcceptance(
            inputs, abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, START, START + 1)
        );
        inputs.notBefore = block.timestamp + 15 minutes + 1;
        refuseAcceptance(
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector,
                inputs.notBefore,
                block.timestamp + 15 minutes
            )
        );
        inputs.notBefore = START;
        vm.warp(START + 365 days);
        submitAcceptance(inputs);
    }

    function test_vote_revertsWhenTheMailIsFromTheFuture() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = START + 15 minutes + 1;
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector, inputs.notBefore, START + 15 minutes
            )
        );
        inputs.notBefore = START + 15 minutes;
        submitVote(NEW_KEY, inputs);
    }

    /// @dev Times that no mail has: nothing wraps.
    function test_vote_revertsWhenTheTimestampIsHuge() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = type(uint256).max;
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector, type(uint256).max, START + 15 minutes
            )
        );
    }

    /// @dev On a chain younger than the age that is allowed, every past is recent.
    function test_acceptGuardian_ageDoesNotReachBeforeTheEpoch() external {
        vm.warp(1 minutes);
        configure(ACCOUNT, defaultConfig());
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        inputs.notBefore = 1;
        submitAcceptance(inputs);
    }

    function test_vote_revertsWhenUndatedMailIsRefused() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = 0;
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.UndatedMailRefused.selector)
        );
    }

    function test_vote_takesUndatedMailWhereTheAccountSaysSo() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = 0;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
    }

    /// @dev Votes are in time exactly within the bounds.
    function testFuzz_vote_timestampIsBounded(uint256 timestamp) external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = bound(timestamp, START - 30 minutes, START + 30 minutes);
        if (inputs.notBefore < START - 15 minutes) {
            bytes4 tooOld = IEmailRecovery.MailTooOld.selector;
            vm.expectRevert(abi.encodeWithSelector(tooOld, inputs.notBefore, START - 15 minutes));
        } else if (inputs.notBefore > START + 15 minutes) {
            bytes4 fromTheFuture = IEmailRecovery.MailFromTheFuture.selector;
            vm.expectRevert(
                abi.encodeWithSelector(fromTheFuture, inputs.notBefore, START + 15 minutes)
            );
        }
        submitVote(NEW_KEY, inputs);
    }
}
