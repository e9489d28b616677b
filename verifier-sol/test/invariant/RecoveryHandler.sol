// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {KeyRegistryRoots} from "../../contracts/KeyRegistryRoots.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {GuardianId, signerId} from "../../contracts/interfaces/GuardianId.sol";
import {
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
/// another, once or again. The last guardian is no mailbox but a key, whose mail is a signature.
contract RecoveryHandler is Test {
    /// @dev A mail that cancels has no key; a signature has no inputs but its time.
    struct Mail {
        uint256 guardian;
        address key;
        uint256 round;
        bool used;
        RecoveryPublicInputs inputs;
        bytes signature;
    }

    uint256 public constant ROOTS = 4;
    uint256 private constant SIGNER = 4;
    uint256 private constant SIGNERS_KEY = 0x51642e7;

    RecoveryModel public immutable MODEL;
    OwnedAccountRecovery private immutable RECOVERY;
    OwnedAccount private immutable ACCOUNT;
    KeyRegistryRoots private immutable REGISTRY;
    address private immutable REGISTRAR;

    /// @notice How often each thing has happened, for the report.
    mapping(string action => uint256) public done;
    /// @notice Whether a round is over, and by which event.
    mapping(uint256 round => string) public ended;
    /// @notice Whether a nonce was drawn before.
    mapping(uint64 nonce => bool) public drawn;

    IEmailRecovery.RecoveryConfig private _config;
    /// @dev What waited last: configuration and weights.
    bytes private _waiting;
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
        _config.setupAcknowledgement = config.setupAcknowledgement;
        _config.votingPeriod = config.votingPeriod;
        _config.registry = config.registry;
        _config.delay = config.delay;
        _config.expiry = config.expiry;
        _config.maxMailAge = config.maxMailAge;
        _config.undatedMail = IEmailRecovery.UndatedMail.Accept;
    }

    function configure(uint256 weightSeed, uint256 thresholdSeed, bool cancelFirst) external {
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
        config.cancelThreshold = uint32(bound(thresholdSeed >> 128, 1, total));
        bytes memory call = cancelFirst
            ? abi.encodeCall(IEmailRecovery.cancelAndConfigure, (config))
            : abi.encodeCall(IEmailRecovery.configure, (config));
        bool weaker = MODEL.weakens(weights, config.threshold, config.cancelThreshold);
        bytes32 change = keccak256(abi.encode(config));
        RecoveryModel.Outcome outcome = MODEL.outcomeOf(change, weaker);
        if (cancelFirst ? !MODEL.configured() : MODEL.pendingKey() != address(0)) {
            outcome = RecoveryModel.Outcome.Refused;
        }
        bool ok = _asAccount(call);
        _expect(ok, outcome != RecoveryModel.Outcome.Refused, "configure");
        if (!ok) return;
        if (outcome == RecoveryModel.Outcome.Applied) return _applied(config, weights);
        if (cancelFirst) {
            _end("cancelled");
            MODEL.cancel();
        }
        MODEL.wait_(change);
        _waiting = abi.encode(config, weights);
        ++done["change waits"];
    }

    /// @notice Anybody applies what the account has wanted, perhaps long ago.
    function applyChange(uint256 seed, address sender) external {
        if (_waiting.length == 0) return;
        // One time in two as soon as it may be.
        if (seed % 2 == 0 && MODEL.waitingFrom() > block.timestamp) vm.warp(MODEL.waitingFrom());
        (IEmailRecovery.RecoveryConfig memory config, uint256[5] memory weights) =
            abi.decode(_waiting, (IEmailRecovery.RecoveryConfig, uint256[5]));
        bool expected = MODEL.isWaiting() && MODEL.waiting() == keccak256(abi.encode(config))
            && block.timestamp >= MODEL.waitingFrom() && MODEL.pendingKey() == address(0);
        vm.prank(sender);
        try RECOVERY.applyChange(address(ACCOUNT), config, "") {
            _expect(true, expected, "apply change");
            _applied(config, weights);
        } catch {
            _expect(false, expected, "apply change");
        }
    }

    function cancelChange(uint256 seed) external {
        if (seed % 4 != 0) return;
        bool ok = _asAccount(abi.encodeCall(IEmailRecovery.cancelChange, ()));
        _expect(ok, MODEL.configured() && MODEL.waitingFrom() != 0, "cancel change");
        if (ok) MODEL.cancelChange();
    }

    function remove(uint256 seed) external {
        if (seed % 4 != 0) return;
        if (seed % 8 == 0 && MODEL.waitingFrom() > block.timestamp) vm.warp(MODEL.waitingFrom());
        RecoveryModel.Outcome outcome = MODEL.outcomeOf("remove", MODEL.armed());
        if (!MODEL.configured() || MODEL.pendingKey() != address(0)) {
            outcome = RecoveryModel.Outcome.Refused;
        }
        bool ok = _asAccount(abi.encodeCall(IEmailRecovery.remove, ()));
        _expect(ok, outcome != RecoveryModel.Outcome.Refused, "remove");
        if (!ok) return;
        if (outcome == RecoveryModel.Outcome.Waits) {
            ++done["removal waits"];
            return MODEL.wait_("remove");
        }
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

    function openRound(address sender) external {
        bool expected = MODEL.canOpen();
        vm.prank(sender);
        try RECOVERY.openRound(address(ACCOUNT)) {
            _expect(true, expected, "open round");
            if (MODEL.openedAt() != 0) _end("lapsed");
            MODEL.open();
            (uint64 nonce,,) = RECOVERY.roundOf(address(ACCOUNT));
            _draw(nonce);
        } catch {
            _expect(false, expected, "open round");
        }
    }

    function accept(uint256 seed, address sender) external {
        if (!MODEL.configured()) return;
        uint256 guardian = seed % 5;
        if (guardian == SIGNER) return _acceptBySignature(sender);
        string memory subject = RECOVERY.acceptanceSubject(address(ACCOUNT));
        RecoveryPublicInputs memory inputs = _inputs(guardian, subject, _root(seed));
        inputs.notBefore = 0;
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
        if (!MODEL.configured() || !MODEL.isOpen()) return;
        (uint256 guardian, address key) = (seed % 5, _key(seed >> 8));
        if (seed >> 254 == 0) key = address(0);
        if (guardian == SIGNER) return _sign(key);
        string memory subject = key == address(0)
            ? RECOVERY.cancellationSubject(address(ACCOUNT))
            : RECOVERY.recoverySubject(address(ACCOUNT), asOwner(key));
        RecoveryPublicInputs memory inputs = _inputs(guardian, subject, _root(seed));
        if ((seed >> 250) & 1 == 1) inputs.notBefore = 0;
        _mails.push(Mail(guardian, key, MODEL.rounds(), false, inputs, ""));
    }

    function writeAndVote(uint256 seed, address sender) external {
        this.write(seed);
        if (_mails.length != 0) _arrive(_mails.length - 1, sender);
    }

    /// @notice Any mail that was ever written arrives, perhaps not for the first time.
    function vote(uint256 seed, address sender) external {
        if (_mails.length != 0) _arrive(seed % _mails.length, sender);
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

    /// @notice Nobody executes what waits, now and then.
    function passToExpiry(uint256 seed) external {
        if (seed % 2 != 0 || MODEL.expiresAt() <= block.timestamp) return;
        vm.warp(MODEL.expiresAt());
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

    function commitment(uint256 guardian) public pure returns (GuardianId) {
        return guardian == SIGNER ? signerId(_signer()) : asGuardian(100 + guardian);
    }

    function candidate(uint256 i) public pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    /// @dev A mail counts once; a signature says the same each time.
    function _arrive(uint256 index, address sender) private {
        Mail memory mail = _mails[index];
        bool alive =
            !mail.used && mail.round == MODEL.rounds() && !MODEL.revoked(mail.inputs.registryRoot);
        if (mail.key == address(0)) _voteToCancel(mail, alive, index, sender);
        else _vote(mail, alive, index, sender);
    }

    function _vote(Mail memory mail, bool alive, uint256 index, address sender) private {
        uint256 time = mail.inputs.notBefore;
        bool expected = alive && MODEL.canVote(mail.guardian, mail.key, time);
        bool voted = _submit(_voteCall(mail), sender);
        _expect(voted, expected, "vote");
        if (!voted) return;
        _mails[index].used = mail.guardian != SIGNER;
        MODEL.vote(mail.guardian, mail.key, time, mail.inputs.registryRoot);
        if (MODEL.pendingKey() != address(0)) ++done["start"];
    }

    function _voteToCancel(Mail memory mail, bool alive, uint256 index, address sender) private {
        bool expected = alive && MODEL.canVoteToCancel(mail.guardian, mail.inputs.notBefore);
        bool voted = _submit(_cancelCall(mail), sender);
        _expect(voted, expected, "vote to cancel");
        if (!voted) return;
        _mails[index].used = mail.guardian != SIGNER;
        MODEL.voteToCancel(mail.guardian, mail.inputs.registryRoot);
        if (MODEL.openedAt() != 0) return;
        ++done["cancelled by guardians"];
        _endAfter("cancelled by guardians");
    }

    function _submit(bytes memory call, address sender) private returns (bool ok) {
        vm.prank(sender);
        (ok,) = address(RECOVERY).call(call);
    }

    function _voteCall(Mail memory mail) private view returns (bytes memory) {
        bytes memory newOwner = asOwner(mail.key);
        if (mail.guardian != SIGNER) {
            return
                abi.encodeCall(IEmailRecovery.vote, (address(ACCOUNT), newOwner, mail.inputs, ""));
        }
        uint40 signedAt = uint40(mail.inputs.notBefore);
        return abi.encodeCall(
            IEmailRecovery.voteBySignature,
            (address(ACCOUNT), newOwner, _signer(), signedAt, mail.signature)
        );
    }

    function _cancelCall(Mail memory mail) private view returns (bytes memory) {
        if (mail.guardian != SIGNER) {
            return abi.encodeCall(IEmailRecovery.voteToCancel, (address(ACCOUNT), mail.inputs, ""));
        }
        uint40 signedAt = uint40(mail.inputs.notBefore);
        return abi.encodeCall(
            IEmailRecovery.voteToCancelBySignature,
            (address(ACCOUNT), _signer(), signedAt, mail.signature)
        );
    }

    function _acceptBySignature(address sender) private {
        uint40 signedAt = uint40(block.timestamp);
        bytes memory signature = _signed(RECOVERY.acceptanceHash(address(ACCOUNT), signedAt));
        bool expected = MODEL.canAccept(SIGNER);
        bytes memory call = abi.encodeCall(
            IEmailRecovery.acceptBySignature, (address(ACCOUNT), _signer(), signedAt, signature)
        );
        bool ok = _submit(call, sender);
        _expect(ok, expected, "accept");
        if (ok) MODEL.accept(SIGNER);
    }

    function _sign(address key) private {
        uint40 signedAt = uint40(block.timestamp);
        bytes32 hash = key == address(0)
            ? RECOVERY.cancellationHash(address(ACCOUNT), signedAt)
            : RECOVERY.recoveryHash(address(ACCOUNT), asOwner(key), signedAt);
        RecoveryPublicInputs memory inputs;
        inputs.notBefore = signedAt;
        _mails.push(Mail(SIGNER, key, MODEL.rounds(), false, inputs, _signed(hash)));
    }

    function _signed(bytes32 hash) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNERS_KEY, hash);
        return abi.encodePacked(r, s, v);
    }

    function _signer() private pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(SIGNERS_KEY));
    }

    function _applied(IEmailRecovery.RecoveryConfig memory config, uint256[5] memory weights)
        private
    {
        _end("configured");
        MODEL.configure(weights, config.threshold, config.cancelThreshold);
        (uint64 nonce,) = RECOVERY.setupOf(address(ACCOUNT));
        _draw(nonce);
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

    /// @dev Each round ends once; called before the model is told.
    function _end(string memory how) private {
        if (MODEL.openedAt() != 0) _endAfter(how);
    }

    function _endAfter(string memory how) private {
        vm.assertEq(ended[MODEL.rounds()], "");
        ended[MODEL.rounds()] = how;
    }

    function _draw(uint64 nonce) private {
        vm.assertFalse(drawn[nonce]);
        drawn[nonce] = true;
        vm.roll(block.number + 1);
    }

    function _inputs(uint256 guardian, string memory subject, RegistryRoot root)
        private
        returns (RecoveryPublicInputs memory)
    {
        return RecoveryPublicInputs({
            registryRoot: root,
            emailCommitment: asMailbox(commitment(guardian)),
            notBefore: block.timestamp,
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
