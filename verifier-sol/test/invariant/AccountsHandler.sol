// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {Enum} from "@safe-global/safe-smart-account/contracts/libraries/Enum.sol";
import {EmailRecovery} from "../../contracts/EmailRecovery.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccount} from "../../contracts/accounts/RecoverableAccount.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {Nullifier, RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {Test} from "../support/Test.sol";

/// @notice One account of each kind, their owners, three guardians and a stranger, who do things in
/// any order. `ownerOf` is who should own an account after all that.
contract AccountsHandler is Test {
    enum Kind {
        Account,
        Modular,
        Safe
    }

    struct Places {
        RecoverableAccount account;
        ERC7947EmailRecovery accountRecovery;
        address modular;
        ERC7579EmailRecovery modularRecovery;
        OwnerValidator validator;
        ISafe safe;
        SafeEmailRecovery safeRecovery;
    }

    Places private _at;
    IEmailRecovery.RecoveryConfig private _config;
    mapping(Kind => address) public ownerOf;
    mapping(Kind => uint256) public recoveries;
    uint256 private _mails;
    address private immutable STRANGER = makeAddr("stranger");

    constructor(Places memory at, address owner, IEmailRecovery.RecoveryConfig memory config) {
        _at = at;
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
        for (uint256 i = 0; i < 3; ++i) {
            ownerOf[Kind(i)] = owner;
        }
    }

    // Guardians

    function accept(uint256 kindSeed, uint256 guardianSeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        RecoveryPublicInputs memory inputs = mail(guardianSeed, recovery.acceptanceSubject(account));
        try recovery.acceptGuardian(account, inputs, "") {} catch {}
    }

    function vote(uint256 kindSeed, uint256 guardianSeed, uint256 keySeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        address newKey = key(keySeed);
        openRound(recovery, account);
        RecoveryPublicInputs memory inputs =
            mail(guardianSeed, recovery.recoverySubject(account, asOwner(newKey)));
        try recovery.vote(account, asOwner(newKey), inputs, "") {} catch {}
    }

    /// @dev Alice and Bob agree at once, as they seldom do by chance.
    function recoverTo(uint256 kindSeed, uint256 keySeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        address newKey = key(keySeed);
        openRound(recovery, account);
        for (uint256 i = 0; i < 2; ++i) {
            RecoveryPublicInputs memory inputs = mail(i, recovery.acceptanceSubject(account));
            try recovery.acceptGuardian(account, inputs, "") {} catch {}
            inputs = mail(i, recovery.recoverySubject(account, asOwner(newKey)));
            try recovery.vote(account, asOwner(newKey), inputs, "") {} catch {}
        }
    }

    /// @dev Two of them stop what is pending.
    function cancelByGuardians(uint256 kindSeed, uint256 guardianSeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        openRound(recovery, account);
        string memory subject = recovery.cancellationSubject(account);
        for (uint256 i = 0; i < 2; ++i) {
            RecoveryPublicInputs memory inputs = mail(guardianSeed % 3 + i, subject);
            try recovery.voteToCancel(account, inputs, "") {} catch {}
        }
    }

    // Anybody

    function discard(uint256 kindSeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        vm.prank(STRANGER);
        try recovery.discard(account) {} catch {}
    }

    /// @dev One time in two as soon as it may be.
    function execute(uint256 kindSeed, uint256 timeSeed) external {
        Kind which = kind(kindSeed);
        (EmailRecovery recovery, address account) = recoveryAndAccount(which);
        if (timeSeed % 2 == 0) waitUntilDue(recovery, account);
        (bool due, address newKey) = dueKey(recovery, account);
        vm.prank(STRANGER);
        try recovery.execute(account) {
            expectDue(which, due, newKey);
        } catch {}
    }

    function recoverAccess(uint256 keySeed, uint256 timeSeed) external {
        if (timeSeed % 2 == 0) waitUntilDue(_at.accountRecovery, address(_at.account));
        (bool due, address newKey) = dueKey(_at.accountRecovery, address(_at.account));
        address wanted = keySeed % 3 == 0 ? key(keySeed) : newKey;
        vm.prank(STRANGER);
        try _at.account
        .recoverAccess(abi.encode(wanted), address(_at.accountRecovery), "") returns (
            bool
        ) {
            expectDue(Kind.Account, due && wanted == newKey, newKey);
        } catch {}
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 3 days));
    }

    /// @dev None of these may succeed, or do anything if it does.
    function attack(uint256 seed, uint256 keySeed) external {
        address newKey = key(keySeed);
        (address target, bytes memory data) = attackOf(seed, newKey);
        vm.prank(STRANGER);
        (bool ok,) = target.call(data);
        ok;
    }

    // Owners

    function cancel(uint256 kindSeed) external {
        (EmailRecovery recovery, address account) = recoveryAndAccount(kind(kindSeed));
        vm.prank(account);
        try recovery.cancel() {} catch {}
    }

    function reconfigure(uint256 kindSeed) external {
        Kind which = kind(kindSeed);
        (EmailRecovery recovery, address account) = recoveryAndAccount(which);
        vm.prank(account);
        if (which == Kind.Safe) {
            try _at.safeRecovery.configureOwner(ownerOf[which], _config) {} catch {}
        } else {
            try recovery.configure(_config) {} catch {}
        }
    }

    function leaveAndReturn() external {
        bytes memory data = abi.encode(_config);
        vm.startPrank(ownerOf[Kind.Account]);
        _at.account.removeRecoveryProvider(address(_at.accountRecovery));
        _at.account.addRecoveryProvider(address(_at.accountRecovery), data);
        vm.stopPrank();
    }

    function changeOwner(uint256 kindSeed, uint256 keySeed) external {
        Kind which = kind(kindSeed);
        address newOwner = key(keySeed);
        if (newOwner == ownerOf[which]) return;
        if (which == Kind.Account) {
            vm.prank(ownerOf[which]);
            _at.account.changeOwner(newOwner);
        } else if (which == Kind.Modular) {
            vm.prank(_at.modular);
            _at.validator.changeOwner(newOwner);
        } else {
            vm.startPrank(address(_at.safe));
            _at.safe.swapOwner(address(1), ownerOf[which], newOwner);
            try _at.safeRecovery.configureOwner(newOwner, _config) {} catch {}
            vm.stopPrank();
        }
        ownerOf[which] = newOwner;
    }

    function presentOwner(Kind which) external view returns (address) {
        if (which == Kind.Account) return _at.account.owner();
        if (which == Kind.Modular) return _at.validator.ownerOf(_at.modular);
        return _at.safe.getOwners()[0];
    }

    function attackOf(uint256 seed, address newKey)
        private
        view
        returns (address target, bytes memory data)
    {
        seed = bound(seed, 0, 8);
        if (seed == 0) {
            return (address(_at.account), abi.encodeCall(_at.account.changeOwner, (newKey)));
        }
        if (seed == 1) {
            return (address(_at.account), abi.encodeCall(_at.account.initialize, (newKey)));
        }
        if (seed == 2) {
            return
                (
                    address(_at.account),
                    abi.encodeCall(_at.account.addRecoveryProvider, (STRANGER, ""))
                );
        }
        if (seed == 3) {
            return (
                address(_at.accountRecovery),
                abi.encodeCall(_at.accountRecovery.recover, (abi.encode(newKey), ""))
            );
        }
        if (seed == 4) {
            return (address(_at.validator), abi.encodeCall(_at.validator.changeOwner, (newKey)));
        }
        if (seed == 5) {
            return (
                _at.modular,
                abi.encodeCall(
                    IERC7579Execution.executeFromExecutor,
                    (0, abi.encodePacked(address(_at.validator), uint256(0), newKey))
                )
            );
        }
        if (seed == 6) {
            return (
                address(_at.safeRecovery),
                abi.encodeCall(_at.safeRecovery.removeDisabled, (address(_at.safe)))
            );
        }
        bytes memory swap =
            abi.encodeCall(_at.safe.swapOwner, (address(1), ownerOf[Kind.Safe], newKey));
        if (seed == 7) return (address(_at.safe), swap);
        return (
            address(_at.safe),
            abi.encodeCall(
                _at.safe.execTransactionFromModule,
                (address(_at.safe), 0, swap, Enum.Operation.Call)
            )
        );
    }

    function expectDue(Kind which, bool due, address newKey) private {
        require(due, "nothing was due");
        ownerOf[which] = newKey;
        ++recoveries[which];
    }

    /// @dev Unless one is open.
    function openRound(EmailRecovery recovery, address account) private {
        vm.prank(STRANGER);
        try recovery.openRound(account) {} catch {}
    }

    function mail(uint256 guardianSeed, string memory subject)
        private
        returns (RecoveryPublicInputs memory)
    {
        return RecoveryPublicInputs({
            registryRoot: asRoot(1),
            emailCommitment: asMailbox(_config.guardians[guardianSeed % 3].guardian),
            notBefore: block.timestamp,
            nullifier: Nullifier.wrap(++_mails),
            subject: RecoverySubject.pack(subject)
        });
    }

    function recoveryAndAccount(Kind which)
        private
        view
        returns (EmailRecovery recovery, address account)
    {
        if (which == Kind.Account) return (_at.accountRecovery, address(_at.account));
        if (which == Kind.Modular) return (_at.modularRecovery, _at.modular);
        return (_at.safeRecovery, address(_at.safe));
    }

    function waitUntilDue(EmailRecovery recovery, address account) private {
        uint256 from = recovery.pendingRecoveryOf(account).executableFrom;
        if (from > block.timestamp) vm.warp(from);
    }

    function dueKey(EmailRecovery recovery, address account)
        private
        view
        returns (bool due, address newKey)
    {
        IEmailRecovery.PendingRecovery memory pending = recovery.pendingRecoveryOf(account);
        newKey = asKey(pending.newOwner);
        due = newKey != address(0) && block.timestamp >= pending.executableFrom
            && block.timestamp < pending.expiresAt;
    }

    function kind(uint256 seed) private pure returns (Kind) {
        return Kind(seed % 3);
    }

    /// @dev One of five keys.
    function key(uint256 seed) private pure returns (address) {
        return address(uint160(0x1000 + seed % 5));
    }
}
