// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Poseidon} from "./Poseidon.sol";
import {RsaKeyEncoding} from "./RsaKeyEncoding.sol";
import {IDKIMRegistry} from "./interfaces/IDKIMRegistry.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {RegistryRoot, SCALAR_FIELD_ORDER} from "./interfaces/PublicInputs.sol";

/// @title The shared key registry
/// @notice What its owner adds counts after a delay, in which whoever disagrees can leave (an
/// account pins a root or names another registry); what its owner revokes counts no longer at once.
///
/// The contract does not build the tree. It logs every key that is added, with its slot, and every
/// one that is removed, so that anybody can build the tree with `zkdkim registry`, in the order of
/// the logs up to a `RootProposed`, and compare the root during the delay.
///
/// Roots follow one another: a proposal names the root that was accepted last, waits alone, and lapses
/// when another is accepted, when a key is removed, and in any case after `ACCEPTANCE_PERIOD`. So
/// nothing that was approved long ago counts today, and each of `RECENT_ROOTS` takes a delay of its
/// own.
///
/// To withdraw a key: `removeKey`; `acceptRemovals`, which makes the latest tree without it count at
/// once; and `revokeRoots` for all roots of trees that hold it, recent or not.
/// @dev An owner who wants separate roles for adding and revoking is an AccessManager, which calls
/// by `execute`.
contract KeyRegistryRoots is IKeyRegistryRoots, IDKIMRegistry, IERC165, Ownable2Step {
    /// @notice How many roots are accepted at a time: proofs take a while from a root to a block.
    uint256 public constant RECENT_ROOTS = 8;
    /// @notice The shortest delay.
    uint256 public constant MIN_DELAY = 1 hours;
    /// @notice The longest delay.
    uint256 public constant MAX_DELAY = 30 days;
    /// @notice How many roots can be revoked by one call.
    uint256 public constant MAX_REVOCATIONS = 64;
    /// @notice Levels of the tree.
    uint256 public constant DEPTH = 20;
    /// @notice Slots in the tree.
    uint256 public constant CAPACITY = 2 ** DEPTH;
    /// @notice How many keys can leave the tree by one call, some 1.3 million gas each.
    uint256 public constant MAX_REMOVALS = 8;
    /// @notice Bytes in the longest domain name that the statement has room for.
    uint256 public constant MAX_DOMAIN_BYTES = 62;
    /// @notice Seconds in which a proposal can be accepted, after its delay.
    uint256 public constant ACCEPTANCE_PERIOD = 14 days;

    /// @dev No root.
    RegistryRoot private constant NONE = RegistryRoot.wrap(0);

    /// @notice Seconds from a proposal until it can be accepted.
    uint256 public immutable DELAY;

    /// @dev `sequence` is the number of its latest acceptance, counted from 1, and `since` its time,
    /// or that of the root which it was made from by removals.
    struct Root {
        uint64 sequence;
        uint64 since;
        bool revoked;
    }

    /// @dev The root that waits; 0 where none does.
    struct Proposal {
        RegistryRoot root;
        uint64 acceptableFrom;
    }

    struct Acceptance {
        RegistryRoot root;
        uint64 since;
    }

    /// @dev `acceptableFrom` is 0 for a key that never was added.
    struct Key {
        uint64 acceptableFrom;
        bool accepted;
        bool removed;
    }

    struct Slot {
        bytes32 domainHash;
        bytes32 keyHash;
    }

    /// @notice A leaf of the latest tree, or of what the removals before have left of it.
    /// @param slot Its slot.
    /// @param leaf What is there.
    /// @param siblings The nodes beside its way to the root, that of the leaf first.
    struct Removal {
        uint256 slot;
        uint256 leaf;
        uint256[DEPTH] siblings;
    }

    /// @notice Acceptances so far.
    uint64 public acceptances;
    /// @notice Slots used so far; the next key goes into this one.
    uint64 public usedSlots;

    Proposal private _proposal;
    mapping(RegistryRoot root => Root) private _roots;
    mapping(uint256 sequence => Acceptance) private _acceptances;
    mapping(uint256 slot => Slot) private _slots;
    mapping(bytes32 domainHash => mapping(bytes32 keyHash => Key)) private _keys;

    /// @notice A root was proposed, in place of any other that waits.
    /// @param root Root of the tree of all keys logged so far.
    /// @param predecessor The root that was accepted last; 0 for none.
    /// @param usedSlots Slots used so far.
    /// @param acceptableFrom When anybody may make it count.
    /// @param lapsesAt First second in which nobody may any more.
    event RootProposed(
        RegistryRoot indexed root,
        RegistryRoot indexed predecessor,
        uint256 usedSlots,
        uint256 acceptableFrom,
        uint256 lapsesAt
    );
    /// @notice A root counts from now on, until it is revoked or makes place.
    /// @param root The root.
    /// @param sequence The number of this acceptance, counted from 1.
    event RootAccepted(RegistryRoot indexed root, uint256 sequence);
    /// @notice A root does not count any more and never will again.
    /// @param root The root.
    event RootRevoked(RegistryRoot indexed root);
    /// @notice A key has taken a slot. `KeyHashRegistered` follows when it counts.
    /// @param slot Its slot.
    /// @param domainHash keccak256 of the domain.
    /// @param keyHash keccak256 of the public key in base64.
    /// @param domain The signing domain.
    /// @param publicKey The key as its DNS record has it in `p=`, without base64.
    /// @param acceptableFrom When anybody may make `isKeyHashValid` say so.
    event KeyAdded(
        uint256 indexed slot,
        bytes32 indexed domainHash,
        bytes32 indexed keyHash,
        string domain,
        bytes publicKey,
        uint256 acceptableFrom
    );
    /// @notice The slot is empty from now on and stays so.
    /// @param slot The slot.
    /// @param domainHash keccak256 of the domain.
    /// @param keyHash keccak256 of the public key in base64.
    event KeyRemoved(uint256 indexed slot, bytes32 indexed domainHash, bytes32 indexed keyHash);

    /// @notice A delay outside the bounds.
    error InvalidDelay(uint256 delay, uint256 minimum, uint256 maximum);
    /// @notice 0, or not below the scalar field's order.
    error InvalidRoot(RegistryRoot root);
    /// @notice The root was revoked, which is final.
    error RootIsRevoked(RegistryRoot root);
    /// @notice The root waits for acceptance already.
    error RootAlreadyProposed(RegistryRoot root);
    /// @notice Another root was accepted last: the proposal is of a tree that is out of date.
    error NotLatestRoot(RegistryRoot latest, RegistryRoot predecessor);
    /// @notice The proposal has waited too long.
    error ProposalLapsed(uint256 timestamp, uint256 lapsesAt);
    /// @notice The root is accepted already.
    error RootAlreadyAccepted(RegistryRoot root);
    /// @notice The root does not wait for acceptance.
    error RootNotProposed(RegistryRoot root);
    /// @notice The delay has not passed.
    error DelayNotPassed(uint256 timestamp, uint256 acceptableFrom);
    /// @notice More roots than one call may revoke.
    error TooManyRoots(uint256 got, uint256 maximum);
    /// @notice Not a lower-case domain name of at most `MAX_DOMAIN_BYTES`.
    error InvalidDomain(string domain);
    /// @notice Not a key of `RsaKeyEncoding`: no proof could use it.
    error InvalidKey();
    /// @notice This key of this domain was added before; one that was removed stays so.
    error KeyAlreadyAdded(bytes32 domainHash, bytes32 keyHash);
    /// @notice No removal, or more than one call may make.
    error RemovalCount(uint256 got, uint256 maximum);
    /// @notice The slot's key was not removed.
    error SlotNotRemoved(uint256 slot);
    /// @notice The slot is empty in the tree, or the tree has another leaf there.
    error NotInTree(uint256 slot);
    /// @notice All slots are used.
    error RegistryFull();
    /// @notice No key is in the slot.
    error SlotEmpty(uint256 slot);
    /// @notice The key counts already.
    error KeyAlreadyAccepted(uint256 slot);
    /// @notice Without an owner nothing could be revoked.
    error OwnerRequired();

    /// @notice An empty registry: even the first root waits.
    /// @param initialOwner Who adds and revokes.
    /// @param delay Seconds from a proposal until it can be accepted.
    constructor(address initialOwner, uint256 delay) Ownable(initialOwner) {
        if (delay < MIN_DELAY || delay > MAX_DELAY) {
            revert InvalidDelay(delay, MIN_DELAY, MAX_DELAY);
        }
        DELAY = delay;
    }

    /// @notice Logs a key and its slot, for a root that will be proposed.
    /// @param domain The signing domain, lower case.
    /// @param publicKey The key as its DNS record has it in `p=`, without base64.
    /// @return slot Its slot.
    function addKey(string calldata domain, bytes calldata publicKey)
        external
        onlyOwner
        returns (uint256 slot)
    {
        _requireDomain(domain);
        if (!RsaKeyEncoding.isKey(publicKey)) revert InvalidKey();
        slot = usedSlots;
        if (slot == CAPACITY) revert RegistryFull();
        bytes32 domainHash = keccak256(bytes(domain));
        bytes32 keyHash = keccak256(bytes(Base64.encode(publicKey)));
        Key storage key = _keys[domainHash][keyHash];
        if (key.acceptableFrom != 0) revert KeyAlreadyAdded(domainHash, keyHash);

        usedSlots = SafeCast.toUint64(slot + 1);
        _slots[slot] = Slot(domainHash, keyHash);
        key.acceptableFrom = SafeCast.toUint64(block.timestamp + DELAY);
        emit KeyAdded(slot, domainHash, keyHash, domain, publicKey, key.acceptableFrom);
    }

    /// @notice Makes `isKeyHashValid` true of a key after the delay. Anybody may call it.
    /// @param slot The key's slot.
    function acceptKey(uint256 slot) external {
        Slot memory entry = _takenSlot(slot);
        Key storage key = _keys[entry.domainHash][entry.keyHash];
        if (key.accepted) revert KeyAlreadyAccepted(slot);
        _requireDelay(key.acceptableFrom);
        key.accepted = true;
        emit KeyHashRegistered(entry.domainHash, entry.keyHash);
    }

    /// @notice Removes a key, at once for `isKeyHashValid`. A root that waits has to be proposed
    /// anew, without it. Proofs are stopped by `revokeRoots`.
    /// @param slot The key's slot.
    function removeKey(uint256 slot) external onlyOwner {
        Slot memory entry = _takenSlot(slot);
        delete _slots[slot];
        delete _proposal;
        Key storage key = _keys[entry.domainHash][entry.keyHash];
        key.removed = true;
        if (key.accepted) emit KeyHashRevoked(entry.domainHash);
        emit KeyRemoved(slot, entry.domainHash, entry.keyHash);
    }

    /// @notice Proposes the root of the tree as it stands in the logs, in place of any other that
    /// waits.
    /// @param root The root.
    /// @param predecessor The root that was accepted last, revoked or not; 0 for none.
    function proposeRoot(RegistryRoot root, RegistryRoot predecessor) external onlyOwner {
        uint256 value = RegistryRoot.unwrap(root);
        if (value == 0 || value >= SCALAR_FIELD_ORDER) revert InvalidRoot(root);
        if (predecessor != latestRoot()) revert NotLatestRoot(latestRoot(), predecessor);
        Root memory entry = _roots[root];
        if (entry.revoked) revert RootIsRevoked(root);
        if (_isRecent(entry.sequence)) revert RootAlreadyAccepted(root);
        if (acceptableFrom(root) != 0) revert RootAlreadyProposed(root);
        uint256 from = block.timestamp + DELAY;
        _proposal = Proposal(root, SafeCast.toUint64(from));
        emit RootProposed(root, predecessor, usedSlots, from, from + ACCEPTANCE_PERIOD);
    }

    /// @notice Makes the proposed root count after the delay. Anybody may call it. The oldest of
    /// `RECENT_ROOTS` makes place.
    /// @param root The root.
    function acceptRoot(RegistryRoot root) external {
        Proposal memory proposal = _proposal;
        if (root != proposal.root || root == NONE) revert RootNotProposed(root);
        _requireDelay(proposal.acceptableFrom);
        uint256 lapsesAt = proposal.acceptableFrom + ACCEPTANCE_PERIOD;
        if (block.timestamp >= lapsesAt) revert ProposalLapsed(block.timestamp, lapsesAt);
        _accept(root, SafeCast.toUint64(block.timestamp));
    }

    /// @notice Makes the latest tree count without keys that were removed, at once: what is in it has
    /// waited already. It counts for as long as the latest root, also for those who follow at a
    /// distance. A root that waits has to be proposed anew.
    /// @dev Before the latest root is revoked; what is revoked has no successor without delay.
    /// @param removals The leaves, each in the tree that the one before has left.
    function acceptRemovals(Removal[] calldata removals) external onlyOwner {
        if (removals.length == 0 || removals.length > MAX_REMOVALS) {
            revert RemovalCount(removals.length, MAX_REMOVALS);
        }
        Acceptance memory latest = _acceptances[acceptances];
        if (_roots[latest.root].revoked) revert RootIsRevoked(latest.root);
        bytes memory table = Poseidon.load();
        uint256 root = RegistryRoot.unwrap(latest.root);
        for (uint256 i = 0; i < removals.length; ++i) {
            uint256 slot = removals[i].slot;
            if (slot >= usedSlots || _slots[slot].domainHash != 0) revert SlotNotRemoved(slot);
            (uint256 before, uint256 without) = _rootsOf(table, removals[i]);
            if (before != root || removals[i].leaf % SCALAR_FIELD_ORDER == 0) {
                revert NotInTree(slot);
            }
            root = without;
        }
        RegistryRoot successor = RegistryRoot.wrap(root);
        if (_roots[successor].revoked) revert RootIsRevoked(successor);
        if (_isRecent(_roots[successor].sequence)) revert RootAlreadyAccepted(successor);
        _accept(successor, latest.since);
    }

    /// @notice Revokes roots, at once and for ever: recent ones, a proposed one, and ones that made
    /// place long ago, since votes may still stand on them. Those revoked before are passed over, so
    /// that nothing stops an emergency.
    /// @param roots The roots, at most `MAX_REVOCATIONS`.
    function revokeRoots(RegistryRoot[] calldata roots) external onlyOwner {
        if (roots.length > MAX_REVOCATIONS) revert TooManyRoots(roots.length, MAX_REVOCATIONS);
        for (uint256 i = 0; i < roots.length; ++i) {
            RegistryRoot root = roots[i];
            if (_roots[root].revoked) continue;
            _roots[root].revoked = true;
            if (root == _proposal.root) delete _proposal;
            emit RootRevoked(root);
        }
    }

    /// @notice Whether a proof under this root may be taken now.
    /// @param root The root.
    /// @return True if so.
    function isAccepted(RegistryRoot root) external view returns (bool) {
        return isAcceptedAfter(root, 0);
    }

    /// @inheritdoc IKeyRegistryRoots
    /// @dev The last `RECENT_ROOTS` of those that had been accepted then.
    function isAcceptedAfter(RegistryRoot root, uint256 delay) public view returns (bool) {
        Root memory entry = _roots[root];
        // Counted here alone, from 1: nobody else moves it.
        // slither-disable-next-line incorrect-equality
        if (entry.revoked || entry.sequence == 0) return false;
        if (delay == 0) return _isRecent(entry.sequence);
        uint256 then = Math.saturatingSub(block.timestamp, delay);
        if (entry.since > then) return false;
        return _isRecent(entry.sequence)
            || _acceptances[uint256(entry.sequence) + RECENT_ROOTS].since > then;
    }

    /// @inheritdoc IKeyRegistryRoots
    function isRevoked(RegistryRoot root) external view returns (bool) {
        return _roots[root].revoked;
    }

    /// @notice When a proposed root can be accepted; 0 if it does not wait for that.
    /// @param root The root.
    /// @return The first second in which it can be.
    function acceptableFrom(RegistryRoot root) public view returns (uint256) {
        Proposal memory proposal = _proposal;
        if (root != proposal.root || root == NONE) return 0;
        uint256 lapsesAt = proposal.acceptableFrom + ACCEPTANCE_PERIOD;
        return block.timestamp < lapsesAt ? proposal.acceptableFrom : 0;
    }

    /// @notice The root that was accepted last, revoked or not; what a proposal has to name.
    /// @return The root; 0 for none.
    function latestRoot() public view returns (RegistryRoot) {
        return _acceptances[acceptances].root;
    }

    /// @notice The accepted roots, newest first; 0 in place of one that was revoked or is not there.
    /// @return roots The roots.
    function recentRoots() external view returns (RegistryRoot[RECENT_ROOTS] memory roots) {
        for (uint256 i = 0; i < RECENT_ROOTS && i < acceptances; ++i) {
            RegistryRoot root = _acceptances[acceptances - i].root;
            if (!_roots[root].revoked) roots[i] = root;
        }
    }

    /// @inheritdoc IDKIMRegistry
    /// @dev The hash of a key is keccak256 of the base64 text that its DNS record has in `p=`, as in
    /// the example of ERC-7969.
    function isKeyHashValid(bytes32 domainHash, bytes32 keyHash) external view returns (bool) {
        Key memory key = _keys[domainHash][keyHash];
        return key.accepted && !key.removed;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IDKIMRegistry).interfaceId
            || interfaceId == type(IKeyRegistryRoots).interfaceId
            || interfaceId == type(IERC165).interfaceId;
    }

    /// @notice Refused: without an owner nothing could be revoked.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    /// @dev Nothing waits any more: it was proposed as the successor of another root.
    function _accept(RegistryRoot root, uint64 since) private {
        delete _proposal;
        uint64 sequence = ++acceptances;
        _acceptances[sequence] = Acceptance(root, since);
        _roots[root] = Root(sequence, since, false);
        emit RootAccepted(root, sequence);
    }

    /// @dev The roots that a path gives for the leaf and for an empty slot.
    function _rootsOf(bytes memory table, Removal calldata removal)
        private
        pure
        returns (uint256 before, uint256 without)
    {
        before = removal.leaf;
        for (uint256 level = 0; level < DEPTH; ++level) {
            uint256 sibling = removal.siblings[level];
            if ((removal.slot >> level) & 1 == 0) {
                before = Poseidon.hash(table, before, sibling);
                without = Poseidon.hash(table, without, sibling);
            } else {
                before = Poseidon.hash(table, sibling, before);
                without = Poseidon.hash(table, sibling, without);
            }
        }
    }

    function _takenSlot(uint256 slot) private view returns (Slot memory entry) {
        entry = _slots[slot];
        if (entry.domainHash == 0) revert SlotEmpty(slot);
    }

    function _requireDelay(uint256 from) private view {
        if (block.timestamp < from) revert DelayNotPassed(block.timestamp, from);
    }

    function _isRecent(uint256 sequence) private view returns (bool) {
        return sequence != 0 && sequence + RECENT_ROOTS > acceptances;
    }

    /// @dev At least two labels of a–z, 0–9 and inner hyphens, as in the statement.
    function _requireDomain(string calldata domain) private pure {
        bytes calldata text = bytes(domain);
        if (text.length > MAX_DOMAIN_BYTES) revert InvalidDomain(domain);
        bool dotted;
        bytes1 last = ".";
        for (uint256 i = 0; i < text.length; ++i) {
            bytes1 char = text[i];
            bool letterOrDigit = (char >= "a" && char <= "z") || (char >= "0" && char <= "9");
            bool hyphen = char == "-" && last != ".";
            bool dot = char == "." && last != "." && last != "-";
            if (!letterOrDigit && !hyphen && !dot) revert InvalidDomain(domain);
            dotted = dotted || dot;
            last = char;
        }
        if (!dotted || last == "." || last == "-") revert InvalidDomain(domain);
    }
}
