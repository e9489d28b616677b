// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {KeyRegistryRoots} from "../../contracts/KeyRegistryRoots.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {
    EmailCommitment,
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot
} from "../../contracts/interfaces/PublicInputs.sol";
import {OwnedAccount} from "../support/OwnedAccount.sol";
import {OwnedAccountRecovery} from "../support/OwnedAccountRecovery.sol";
import {Test} from "../support/Test.sol";
import {RecoveryModel} from "./RecoveryModel.sol";

/// @notice Does to contracts and model what a fuzzer says, in any order, by anybody, at any time;
/// fails where one takes what the other refuses. Mail is prepared at one time and arrives at
/// another, once or again.
contract RecoveryHandler is Test {
    struct Mail {
        uint256 guardian;
        address key;
        uint64 nonce;
        bool used;
        RecoveryPublicInputs inputs;
    }

    uint256 public constant ROOTS = 4;

    RecoveryModel public immutable MODEL;
    OwnedAccountRecovery private immutable RECOVERY;
    OwnedAccount private immutable ACCOUNT;
    KeyRegistryRoots private immutable REGISTRY;
    address private immutable REGISTRAR;

    /// @notice How often each thing has happened, for the report.
    mapping(string action => uint256) public done;
    /// @notice Whether a nonce is over, and by which event.
    mapping(uint64 nonce => string) public ended;

    IEmailRecovery.RecoveryConfig private _config;
    Mail[] private _mails;
    uint256 private _nullifiers;

    constructor(
        RecoveryModel model,
        OwnedAccountRecovery recovery,
        OwnedAccount account,
        KeyRegistryRoots registry,
        address registrar,
        IEmailRecovery.RecoveryConfig memory config
    ) {
        MODEL = model;
        RECOVERY = recovery;
        ACCOUNT = account;
        REGISTRY = registry;
        REGISTRAR = registrar;
        _config.verifier = config.verifier;
        _config.registry = config.registry;
        _config.delay = config.delay;
        _config.expiry = config.expiry;
        _config.maxMailAge = config.maxMailAge;
        _config.undatedMail = IEmailRecovery.UndatedMail.Accept;
    }

    function configure(uint256 weightSeed, uint256 thresholdSeed) external {
        IEmailRecovery.RecoveryConfig memory config = _config;
        uint256[5] memory weights;
        uint256 total;
        uint256 count;
        for (uint256 i = 0; i < 5; ++i) {
            weights[i] = (weightSeed >> (8 * i)) % 4;
            if (i == 4 && total == 0) weights[i] = 1;
            total += weights[i];
            if (weights[i] != 0) ++count;
        }
        config.guardians = new IEmailRecovery.GuardianWeight[](count);
        for (uint256 i = 0; i < 5; ++i) {
            if (weights[i] == 0) continue;
            config.guardians[--count] =
                IEmailRecovery.GuardianWeight(commitment(i), uint16(weights[i]));
        }
        config.threshold = uint32(bound(thresholdSeed, 1, total));
        bool first = !MODEL.configured();
        bool ok = _asAccount(abi.encodeCall(IEmailRecovery.configure, (config)));
        _expect(ok, MODEL.canConfigure(), "configure");
        if (!ok) return;
        if (!first) _end("configured");
        MODEL.configure(weights, config.threshold);
    }

    function remove(uint256 seed) external {
        if (seed % 8 != 0) return;
        bool ok = _asAccount(abi.encodeCall(IEmailRecovery.remove, ()));
        _expect(ok, MODEL.configured(), "remove");
        if (!ok) return;
        _end("removed");
        MODEL.remove();
    }

    function cancel(uint256 seed) external {
        if (seed % 4 != 0) return;
        bool ok = _asAccount(abi.encodeCall(IEmailRecovery.cancel, ()));
        _expect(ok, MODEL.configured(), "cancel");
        if (!ok) return;
        _end("cancelled");
        MODEL.cancel();
    }

    function changeOwner(uint256 keySeed) external {
        address newOwner = _key(keySeed);
        vm.prank(ACCOUNT.owner());
        ACCOUNT.execute(address(ACCOUNT), abi.encodeCall(OwnedAccount.setOwner, (newOwner)));
        MODEL.changeOwner(newOwner);
        ++done["change owner"];
    }

    function accept(uint256 seed, address sender) external {
        uint256 guardian = seed % 5;
        string memory subject = RECOVERY.acceptanceSubject(address(ACCOUNT));
        RecoveryPublicInputs memory inputs = _inputs(guardian, subject, _root(seed));
        bool expected = MODEL.canAccept(guardian) && !MODEL.revoked(inputs.registryRoot);
        vm.prank(sender);
        try RECOVERY.acceptGuardian(address(ACCOUNT), inputs, "") {
            _expect(true, expected, "accept");
            MODEL.accept(guardian);
        } catch {
            _expect(false, expected, "accept");
        }
    }

    /// @notice A guardian writes; when the mail arrives is another question.
    function write(uint256 seed) external {
        (uint256 guardian, address key) = (seed % 5, _key(seed >> 8));
        string memory subject = RECOVERY.recoverySubject(address(ACCOUNT), key);
        RecoveryPublicInputs memory inputs = _inputs(guardian, subject, _root(seed));
        _mails.push(Mail(guardian, key, MODEL.nonce(), false, inputs));
    }

    function writeAndVote(uint256 seed, address sender) external {
        this.write(seed);
        _vote(_mails.length - 1, sender);
    }

    /// @notice Any mail that was ever written arrives, perhaps not for the first time.
    function vote(uint256 seed, address sender) external {
        if (_mails.length != 0) _vote(seed % _mails.length, sender);
    }

    function execute(address sender) external {
        bool expected = MODEL.canExecute();
        vm.prank(sender);
        try RECOVERY.execute(address(ACCOUNT)) {
            _expect(true, expected, "execute");
            _end("executed");
            MODEL.execute();
        } catch {
            _expect(false, expected, "execute");
        }
    }

    function discard(address sender) external {
        bool expected = MODEL.canDiscard();
        vm.prank(sender);
        try RECOVERY.discard(address(ACCOUNT)) {
            _expect(true, expected, "discard");
            _end("discarded");
            MODEL.discard();
        } catch {
            _expect(false, expected, "discard");
        }
    }

    function passTime(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 0, 3 days));
    }

    /// @notice Revokes any root but the last, so that mail can go on.
    function revokeRoot(uint256 seed) external {
        if (seed % 16 != 0) return;
        RegistryRoot root = asRoot(1 + (seed >> 16) % (ROOTS - 1));
        vm.prank(REGISTRAR);
        REGISTRY.revokeRoots(onlyRoot(root));
        MODEL.revoke(root);
        ++done["revoke root"];
    }

    function commitment(uint256 guardian) public pure returns (EmailCommitment) {
        return asCommitment(100 + guardian);
    }

    function candidate(uint256 i) public pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function _vote(uint256 index, address sender) private {
        Mail memory mail = _mails[index];
        bool expected = !mail.used && mail.nonce == MODEL.nonce()
            && MODEL.canVote(mail.guardian, mail.key) && !MODEL.revoked(mail.inputs.registryRoot);
        vm.prank(sender);
        try RECOVERY.vote(address(ACCOUNT), mail.key, mail.inputs, "") {
            _expect(true, expected, "vote");
            _mails[index].used = true;
            MODEL.vote(mail.guardian, mail.key, mail.inputs.registryRoot);
            if (MODEL.pendingKey() != address(0)) ++done["start"];
        } catch {
            _expect(false, expected, "vote");
        }
    }

    function _asAccount(bytes memory data) private returns (bool ok) {
        vm.prank(ACCOUNT.owner());
        try ACCOUNT.execute(address(RECOVERY), data) returns (bytes memory) {
            return true;
        } catch {
            return false;
        }
    }

    function _expect(bool got, bool expected, string memory action) private {
        vm.assertTrue(got == expected, string.concat(action, ": contract and model disagree"));
        if (got) ++done[action];
    }

    /// @dev Each nonce ends once.
    function _end(string memory how) private {
        uint64 nonce = MODEL.nonce();
        vm.assertEq(ended[nonce], "");
        ended[nonce] = how;
    }

    function _inputs(uint256 guardian, string memory subject, RegistryRoot root)
        private
        returns (RecoveryPublicInputs memory)
    {
        return RecoveryPublicInputs({
            registryRoot: root,
            emailCommitment: commitment(guardian),
            timestamp: 0,
            nullifier: Nullifier.wrap(++_nullifiers),
            subject: RecoverySubject.pack(subject)
        });
    }

    function _root(uint256 seed) private pure returns (RegistryRoot) {
        return asRoot(1 + (seed >> 16) % ROOTS);
    }

    function _key(uint256 seed) private pure returns (address) {
        return candidate(seed % 3);
    }
}
