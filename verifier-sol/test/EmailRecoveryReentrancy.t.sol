// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {KeyRegistryRoots} from "../contracts/KeyRegistryRoots.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "../contracts/interfaces/IKeyRegistryRoots.sol";
import {RecoveryPublicInputs, RegistryRoot} from "../contracts/interfaces/PublicInputs.sol";
import {MockProofVerifier} from "./support/MockProofVerifier.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Whatever a recovery contract calls calls back.
contract EmailRecoveryReentrancyTest is MockedRecoveryTest {
    /// @dev The account is called last: it finds the recovery over, and can do nothing with it.
    function test_reentrancy_fromTheAccountFindsTheRecoveryOver() external {
        bytes[3] memory calls = [
            abi.encodeCall(IEmailRecovery.execute, (address(ACCOUNT))),
            abi.encodeCall(IEmailRecovery.discard, (address(ACCOUNT))),
            abi.encodeCall(IEmailRecovery.remove, ())
        ];
        startRecovery(NEW_KEY);
        vm.warp(pending().executableFrom);
        vm.etch(address(ACCOUNT), type(ReentrantAccount).runtimeCode);
        ReentrantAccount account = ReentrantAccount(address(ACCOUNT));
        for (uint256 i = 0; i < calls.length; ++i) {
            account.arm(calls[i]);
        }
        RECOVERY.execute(address(ACCOUNT));

        vm.assertEq(account.owner(), NEW_KEY);
        vm.assertEq(account.replaced(), 1);
        vm.assertEq(account.answers(0), accountError(IEmailRecovery.NoRecoveryPending.selector));
        vm.assertEq(account.answers(1), accountError(IEmailRecovery.NoRecoveryPending.selector));
        // It may leave while it is being recovered; that is its right at any time.
        vm.assertEq(account.answers(2), "");
        vm.assertEq(nonce(), 0);
    }

    /// @dev A configuration set from inside stands, under a nonce of its own; what weakens it waits.
    function test_reentrancy_fromTheAccountConfiguresForTheFuture() external {
        startRecovery(NEW_KEY);
        vm.warp(pending().executableFrom);
        uint64 before = setupNonce();
        vm.etch(address(ACCOUNT), type(ReentrantAccount).runtimeCode);
        ReentrantAccount account = ReentrantAccount(address(ACCOUNT));
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.threshold = 3;
        account.arm(abi.encodeCall(IEmailRecovery.configure, (config)));
        account.arm(abi.encodeCall(IEmailRecovery.configure, (twoOfThree([BOB, CAROL, MALLORY]))));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(account.answers(0), "");
        vm.assertNotEq(setupNonce(), before);
        vm.assertEq(RECOVERY.configOf(address(ACCOUNT)).threshold, 3);
        vm.assertEq(guardian(ALICE).weight, 1);
        vm.assertEq(
            RECOVERY.scheduledChangeOf(address(ACCOUNT)).applicableFrom, block.timestamp + DELAY
        );
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev Verifiers are called by STATICCALL: what would change state fails inside.
    function test_reentrancy_fromTheVerifierCannotVote() external {
        acceptAll();
        ReentrantVerifier evil = new ReentrantVerifier();
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.verifier = evil;
        configure(ACCOUNT, config);
        RecoveryPublicInputs memory inner = ballot(BOB, NEW_KEY);
        evil.arm(abi.encodeCall(RECOVERY.vote, (address(ACCOUNT), asOwner(NEW_KEY), inner, "")));
        vote(ALICE, NEW_KEY);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
        vm.assertEq(guardian(BOB).votedOwner, asVoted(address(0)));
        vm.assertEq(pendingKey(), address(0));
    }

    function test_reentrancy_fromTheRegistryCannotVote() external {
        acceptAll();
        ReentrantRegistry evil = new ReentrantRegistry();
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.registry = evil;
        configure(ACCOUNT, config);
        RecoveryPublicInputs memory inner = ballot(BOB, NEW_KEY);
        evil.arm(abi.encodeCall(RECOVERY.vote, (address(ACCOUNT), asOwner(NEW_KEY), inner, "")));
        vote(ALICE, NEW_KEY);
        vm.assertEq(guardian(BOB).votedOwner, asVoted(address(0)));
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev A registry or verifier that only fails keeps the owner from nothing.
    function test_brokenRegistry_cannotHoldTheAccount() external {
        startRecovery(NEW_KEY);
        vm.etch(address(registry), hex"fe");
        vm.etch(address(mock), hex"fe");
        uint256 state = vm.snapshotState();
        cancel(ACCOUNT);
        vm.assertEq(pendingKey(), address(0));
        // To other contracts, and away.
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.verifier = new MockProofVerifier();
        config.registry = new KeyRegistryRoots(registrar, REGISTRY_DELAY);
        configureAndWait(ACCOUNT, config);
        vm.revertToState(state);
        cancel(ACCOUNT);
        removeAndWait(ACCOUNT);
        vm.revertToState(state);
        vm.warp(pending().expiresAt);
        RECOVERY.discard(address(ACCOUNT));
    }
}

/// @notice An account that calls the recovery contract while its key is replaced, and notes what
/// the answers were: nothing, or the error.
contract ReentrantAccount {
    address public owner;
    address public recovery;
    uint256 public replaced;
    bytes[] public answers;
    bytes[] private _calls;

    function arm(bytes calldata data) external {
        _calls.push(data);
    }

    function setOwner(address newOwner) external {
        owner = newOwner;
        ++replaced;
        for (uint256 i = 0; i < _calls.length; ++i) {
            (bool ok, bytes memory answer) = msg.sender.call(_calls[i]);
            answers.push(ok ? bytes("") : answer);
        }
    }
}

/// @notice Calls its caller back, then says yes.
abstract contract Reentrant {
    bytes private _data;

    function arm(bytes calldata data) external {
        _data = data;
    }

    /// @dev Past the compiler's care for `view`.
    function callBack() internal view {
        function(address, bytes memory) internal action = _call;
        function(address, bytes memory) internal view quiet;
        assembly ("memory-safe") {
            quiet := action
        }
        if (_data.length != 0) quiet(msg.sender, _data);
    }

    function _call(address target, bytes memory data) private {
        (bool ok,) = target.call(data);
        require(!ok, "state changed inside a view call");
    }
}

contract ReentrantVerifier is MockProofVerifier, Reentrant {
    function verify(RecoveryPublicInputs calldata, bytes calldata)
        external
        view
        override
        returns (bool)
    {
        callBack();
        return true;
    }
}

contract ReentrantRegistry is IKeyRegistryRoots, Reentrant {
    function isAcceptedAfter(RegistryRoot, uint256) external view returns (bool) {
        callBack();
        return true;
    }

    function isRevoked(RegistryRoot) external view returns (bool) {
        callBack();
        return false;
    }
}
