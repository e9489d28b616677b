// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {KeyRegistryRoots} from "../../contracts/KeyRegistryRoots.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {IRecoveryProofVerifier} from "../../contracts/interfaces/IRecoveryProofVerifier.sol";
import {GuardianId} from "../../contracts/interfaces/GuardianId.sol";
import {RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";
import {OwnedAccount} from "./OwnedAccount.sol";
import {OwnedAccountRecovery} from "./OwnedAccountRecovery.sol";
import {Test} from "./Test.sol";

/// @notice Accounts, recovery contracts and a registry at the places that the fixtures' Subjects
/// name. What stands behind `verifier` is up to the test.
abstract contract RecoveryTest is Test {
    OwnedAccount internal constant ACCOUNT =
        OwnedAccount(0xAcc0000000000000000000000000000000000001);
    OwnedAccount internal constant OTHER_ACCOUNT =
        OwnedAccount(0xACc0000000000000000000000000000000000002);
    OwnedAccountRecovery internal constant RECOVERY =
        OwnedAccountRecovery(0x7EC0000000000000000000000000000000000001);
    OwnedAccountRecovery internal constant OTHER_RECOVERY =
        OwnedAccountRecovery(0x7ec0000000000000000000000000000000000002);
    address internal constant NEW_KEY = 0x1111111111111111111111111111111111111111;
    address internal constant OTHER_KEY = 0x2222222222222222222222222222222222222222;

    uint256 internal constant CHAIN = 31_337;
    uint256 internal constant START = 1_800_000_000;
    /// @dev What nonces are drawn from, so that the fixtures' mails can name them.
    uint256 internal constant BLOCK = 20_000_000;
    bytes32 internal constant RANDAO = keccak256("randomness of the tests' block");
    bytes32 internal constant PREVIOUS_BLOCK = keccak256("the block before the tests' block");
    uint32 internal constant VOTING_PERIOD = 7 days;
    uint32 internal constant DELAY = 2 days;
    uint32 internal constant EXPIRY = 9 days;
    uint32 internal constant MAIL_AGE = 3 days;
    uint256 internal constant REGISTRY_DELAY = 1 days;

    address internal owner = makeAddr("owner of the account");
    address internal relayer = makeAddr("relayer without rights");
    address internal registrar = makeAddr("owner of the registry");
    KeyRegistryRoots internal registry;
    IRecoveryProofVerifier internal verifier;

    function setUp() public virtual {
        vm.chainId(CHAIN);
        vm.warp(START - 4 * REGISTRY_DELAY);
        vm.roll(BLOCK);
        vm.prevrandao(RANDAO);
        vm.setBlockhash(BLOCK - 1, PREVIOUS_BLOCK);
        vm.etch(address(ACCOUNT), type(OwnedAccount).runtimeCode);
        vm.etch(address(OTHER_ACCOUNT), type(OwnedAccount).runtimeCode);
        bytes memory recovery = address(new OwnedAccountRecovery()).code;
        vm.etch(address(RECOVERY), recovery);
        vm.etch(address(OTHER_RECOVERY), recovery);
        ACCOUNT.initialise(owner, address(RECOVERY));
        OTHER_ACCOUNT.initialise(owner, address(RECOVERY));
        registry = new KeyRegistryRoots(registrar, REGISTRY_DELAY);
    }

    /// @dev Proposes roots one after the other and accepts each after the delay. Moves time on.
    function acceptRoots(RegistryRoot[] memory roots) internal {
        for (uint256 i = 0; i < roots.length; ++i) {
            RegistryRoot latest = registry.latestRoot();
            vm.prank(registrar);
            registry.proposeRoot(roots[i], latest);
            vm.warp(block.timestamp + REGISTRY_DELAY);
            registry.acceptRoot(roots[i]);
        }
    }

    function revokeRoot(RegistryRoot root) internal {
        vm.prank(registrar);
        registry.revokeRoots(onlyRoot(root));
    }

    /// @dev Two of three guardians of weight one.
    function twoOfThree(GuardianId[3] memory commitments)
        internal
        view
        returns (IEmailRecovery.RecoveryConfig memory config)
    {
        config.verifier = verifier;
        config.setupAcknowledgement = keccak256("I accept forged proofs");
        config.registry = registry;
        config.threshold = 2;
        config.cancelThreshold = 2;
        config.votingPeriod = VOTING_PERIOD;
        config.delay = DELAY;
        config.expiry = EXPIRY;
        config.maxMailAge = MAIL_AGE;
        config.undatedMail = IEmailRecovery.UndatedMail.Refuse;
        config.guardians = new IEmailRecovery.GuardianWeight[](3);
        for (uint256 i = 0; i < 3; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(commitments[i], 1);
        }
    }

    /// @dev The account calls, as its present owner tells it to.
    function callAs(OwnedAccount account, address target, bytes memory data)
        internal
        returns (bytes memory)
    {
        vm.prank(account.owner());
        return account.execute(target, data);
    }

    function configure(OwnedAccount account, IEmailRecovery.RecoveryConfig memory config) internal {
        callAs(account, address(RECOVERY), abi.encodeCall(IEmailRecovery.configure, (config)));
    }

    /// @dev As a relayer does when somebody asks for a recovery and no round is open.
    function ensureRound(IEmailRecovery recovery, address account) internal {
        (uint64 nonce,,) = recovery.roundOf(account);
        if (nonce != 0) return;
        vm.prank(relayer);
        recovery.openRound(account);
    }

    function cancel(OwnedAccount account) internal {
        callAs(account, address(RECOVERY), abi.encodeCall(IEmailRecovery.cancel, ()));
    }

    /// @dev What weakens a recovery that guardians could begin waits for the account's delay.
    function configureAndWait(OwnedAccount account, IEmailRecovery.RecoveryConfig memory config)
        internal
    {
        configure(account, config);
        vm.warp(RECOVERY.scheduledChangeOf(address(account)).applicableFrom);
        RECOVERY.applyChange(address(account), config, "");
    }

    function removeAndWait(OwnedAccount account) internal {
        remove(account);
        vm.warp(RECOVERY.scheduledChangeOf(address(account)).applicableFrom);
        remove(account);
    }

    function remove(OwnedAccount account) internal {
        callAs(account, address(RECOVERY), abi.encodeCall(IEmailRecovery.remove, ()));
    }
}
