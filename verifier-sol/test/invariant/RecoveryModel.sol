// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";

/// @notice The rules of recovery for one account, written down a second time, as plainly as they
/// can be: no packing, no calls. Rounds are numbered; what is over is erased.
contract RecoveryModel {
    uint256 public constant GUARDIANS = 5;

    struct Vote {
        address key;
        uint256 mailTime;
        RegistryRoot root;
        bool inPending;
        bool cancels;
        RegistryRoot cancelRoot;
    }

    /// @notice What comes of the account's wish to change something.
    enum Outcome {
        Refused,
        Waits,
        Applied
    }

    uint256 private constant CHANGE_PERIOD = 14 days;

    bytes32 public waiting;
    uint256 public waitingFrom;
    bool public configured;
    uint256 public setups;
    uint256 public rounds;
    uint256 public openedAt;
    address public owner;
    uint256 public threshold;
    uint256 public cancelThreshold;
    address public pendingKey;
    uint256 public executableFrom;
    uint256 public expiresAt;
    uint256[GUARDIANS] public weight;
    bool[GUARDIANS] public accepted;
    Vote[GUARDIANS] public votes;
    mapping(RegistryRoot root => bool) public revoked;

    uint256 private immutable PERIOD;
    uint256 private immutable DELAY;
    uint256 private immutable EXPIRY;
    uint256 private immutable MAIL_AGE;

    constructor(address owner_, uint256 period, uint256 delay, uint256 expiry, uint256 mailAge) {
        owner = owner_;
        PERIOD = period;
        DELAY = delay;
        EXPIRY = expiry;
        MAIL_AGE = mailAge;
    }

    /// @notice Whether the guardians who have accepted could recover the account.
    function armed() public view returns (bool) {
        uint256 sum;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (accepted[i]) sum += weight[i];
        }
        return configured && sum >= threshold;
    }

    function isWaiting() public view returns (bool) {
        return waitingFrom != 0 && block.timestamp < waitingFrom + CHANGE_PERIOD;
    }

    /// @notice What comes of a change that would weaken the recovery, or would not.
    function outcomeOf(bytes32 change, bool weaker) external view returns (Outcome) {
        if (!weaker) return Outcome.Applied;
        if (!isWaiting() || waiting != change) return Outcome.Waits;
        return block.timestamp < waitingFrom ? Outcome.Refused : Outcome.Applied;
    }

    /// @notice Whether other weights and thresholds may let in who was not, or lock out who was.
    function weakens(
        uint256[GUARDIANS] calldata weights,
        uint256 threshold_,
        uint256 cancelThreshold_
    ) external view returns (bool) {
        if (!armed()) return false;
        uint256 reached;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (weights[i] != weight[i]) return true;
            if (accepted[i]) reached += weight[i];
        }
        if (threshold_ < threshold || cancelThreshold_ < cancelThreshold) return true;
        return
            threshold_ > reached
                || (cancelThreshold_ > cancelThreshold && cancelThreshold_ > reached);
    }

    function wait_(bytes32 change) external {
        waiting = change;
        waitingFrom = block.timestamp + DELAY;
    }

    function cancelChange() external {
        delete waiting;
        delete waitingFrom;
    }

    function configure(
        uint256[GUARDIANS] calldata weights,
        uint256 threshold_,
        uint256 cancelThreshold_
    ) external {
        _endRound();
        delete waiting;
        delete waitingFrom;
        ++setups;
        configured = true;
        threshold = threshold_;
        cancelThreshold = cancelThreshold_;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            accepted[i] = accepted[i] && weights[i] != 0;
            weight[i] = weights[i];
        }
    }

    function remove() external {
        _endRound();
        delete waiting;
        delete waitingFrom;
        configured = false;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            accepted[i] = false;
            weight[i] = 0;
        }
    }

    function cancel() external {
        _endRound();
    }

    /// @notice Whether a round is open: it takes votes, or a recovery of it is pending.
    function isOpen() public view returns (bool) {
        return openedAt != 0 && (pendingKey != address(0) || block.timestamp < openedAt + PERIOD);
    }

    function canOpen() external view returns (bool) {
        return configured && !isOpen();
    }

    function open() external {
        _endRound();
        ++rounds;
        openedAt = block.timestamp;
    }

    function canAccept(uint256 guardian) external view returns (bool) {
        return configured && weight[guardian] != 0 && !accepted[guardian];
    }

    function accept(uint256 guardian) external {
        accepted[guardian] = true;
    }

    function canVote(uint256 guardian, address key, uint256 mailTime) external view returns (bool) {
        Vote memory cast = votes[guardian];
        bool newer = cast.mailTime == 0 || mailTime > cast.mailTime;
        return _isMember(guardian) && isOpen() && pendingKey == address(0) && newer && key != owner
            && _isRecent(mailTime);
    }

    function vote(uint256 guardian, address key, uint256 mailTime, RegistryRoot root) external {
        Vote storage cast = votes[guardian];
        cast.key = key;
        cast.mailTime = mailTime;
        cast.root = root;
        if (weightFor(key) < threshold) return;
        pendingKey = key;
        executableFrom = block.timestamp + DELAY;
        expiresAt = block.timestamp + EXPIRY;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            votes[i].inPending = votes[i].key == key && !revoked[votes[i].root];
        }
    }

    function canVoteToCancel(uint256 guardian, uint256 mailTime) external view returns (bool) {
        return _isMember(guardian) && pendingKey != address(0) && _isRecent(mailTime);
    }

    function voteToCancel(uint256 guardian, RegistryRoot root) external {
        votes[guardian].cancels = true;
        votes[guardian].cancelRoot = root;
        uint256 sum;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (votes[i].cancels && !revoked[votes[i].cancelRoot]) sum += weight[i];
        }
        if (sum >= cancelThreshold) _endRound();
    }

    function canExecute() external view returns (bool) {
        return pendingKey != address(0) && block.timestamp >= executableFrom
            && block.timestamp < expiresAt && pendingWeight() >= threshold;
    }

    function execute() external {
        owner = pendingKey;
        delete waiting;
        delete waitingFrom;
        _endRound();
    }

    function canDiscard() external view returns (bool) {
        return
            pendingKey != address(0)
                && (block.timestamp >= expiresAt || pendingWeight() < threshold);
    }

    function discard() external {
        _endRound();
    }

    function changeOwner(address newOwner) external {
        owner = newOwner;
    }

    function revoke(RegistryRoot root) external {
        revoked[root] = true;
    }

    /// @notice Weight of the votes for a key that count now.
    function weightFor(address key) public view returns (uint256 sum) {
        if (!isOpen()) return 0;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (votes[i].key == key && !revoked[votes[i].root]) sum += weight[i];
        }
    }

    /// @notice Weight of the votes that started the pending recovery and whose roots still stand.
    function pendingWeight() public view returns (uint256 sum) {
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (votes[i].inPending && !revoked[votes[i].root]) sum += weight[i];
        }
    }

    function _isMember(uint256 guardian) private view returns (bool) {
        return configured && weight[guardian] != 0 && accepted[guardian];
    }

    function _isRecent(uint256 mailTime) private view returns (bool) {
        return mailTime == 0 || block.timestamp <= mailTime + MAIL_AGE;
    }

    function _endRound() private {
        delete openedAt;
        delete pendingKey;
        delete executableFrom;
        delete expiresAt;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            delete votes[i];
        }
    }
}
