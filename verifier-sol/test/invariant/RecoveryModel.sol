// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";

/// @notice The rules of recovery for one account, written down a second time, as plainly as they
/// can be: no rounds, no packing, no calls. Every guardian's vote is erased when it lapses by rule.
contract RecoveryModel {
    uint256 public constant GUARDIANS = 5;

    struct Vote {
        address key;
        uint256 at;
        RegistryRoot root;
        bool inPending;
    }

    bool public configured;
    uint64 public nonce;
    address public owner;
    uint256 public threshold;
    address public pendingKey;
    uint256 public executableFrom;
    uint256 public expiresAt;
    uint256[GUARDIANS] public weight;
    bool[GUARDIANS] public accepted;
    Vote[GUARDIANS] public votes;
    mapping(RegistryRoot root => bool) public revoked;

    uint256 private immutable DELAY;
    uint256 private immutable EXPIRY;

    constructor(address owner_, uint64 nonce_, uint256 delay, uint256 expiry) {
        owner = owner_;
        nonce = nonce_;
        DELAY = delay;
        EXPIRY = expiry;
    }

    function canConfigure() external view returns (bool) {
        return pendingKey == address(0);
    }

    function configure(uint256[GUARDIANS] calldata weights, uint256 threshold_) external {
        if (configured) _nextNonce();
        configured = true;
        threshold = threshold_;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            accepted[i] = accepted[i] && weights[i] != 0;
            weight[i] = weights[i];
        }
    }

    function remove() external {
        _nextNonce();
        configured = false;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            accepted[i] = false;
            weight[i] = 0;
        }
    }

    function cancel() external {
        _nextNonce();
    }

    function canAccept(uint256 guardian) external view returns (bool) {
        return configured && weight[guardian] != 0 && !accepted[guardian];
    }

    function accept(uint256 guardian) external {
        accepted[guardian] = true;
    }

    function canVote(uint256 guardian, address key) external view returns (bool) {
        return configured && pendingKey == address(0) && weight[guardian] != 0 && accepted[guardian]
            && !_counts(guardian) && key != owner;
    }

    function vote(uint256 guardian, address key, RegistryRoot root) external {
        votes[guardian] = Vote(key, block.timestamp, root, false);
        if (weightFor(key) < threshold) return;
        pendingKey = key;
        executableFrom = block.timestamp + DELAY;
        expiresAt = block.timestamp + EXPIRY;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            votes[i].inPending = votes[i].key == key && _counts(i);
        }
    }

    function canExecute() external view returns (bool) {
        return pendingKey != address(0) && block.timestamp >= executableFrom
            && block.timestamp < expiresAt && pendingWeight() >= threshold;
    }

    function execute() external {
        owner = pendingKey;
        _nextNonce();
    }

    function canDiscard() external view returns (bool) {
        return
            pendingKey != address(0)
                && (block.timestamp >= expiresAt || pendingWeight() < threshold);
    }

    function discard() external {
        _nextNonce();
    }

    function changeOwner(address newOwner) external {
        owner = newOwner;
    }

    function revoke(RegistryRoot root) external {
        revoked[root] = true;
    }

    /// @notice Weight of the votes for a key that count now.
    function weightFor(address key) public view returns (uint256 sum) {
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (votes[i].key == key && _counts(i)) sum += weight[i];
        }
    }

    /// @notice Weight of the votes that started the pending recovery and whose roots still stand.
    function pendingWeight() public view returns (uint256 sum) {
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            if (votes[i].inPending && !revoked[votes[i].root]) sum += weight[i];
        }
    }

    function _counts(uint256 guardian) private view returns (bool) {
        Vote memory cast = votes[guardian];
        return cast.key != address(0) && block.timestamp < cast.at + EXPIRY && !revoked[cast.root];
    }

    function _nextNonce() private {
        ++nonce;
        delete pendingKey;
        delete executableFrom;
        delete expiresAt;
        for (uint256 i = 0; i < GUARDIANS; ++i) {
            delete votes[i];
        }
    }
}
