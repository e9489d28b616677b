// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IDKIMRegistry} from "./interfaces/IDKIMRegistry.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {RegistryRoot, SCALAR_FIELD_ORDER} from "./interfaces/PublicInputs.sol";

/// @title The shared key registry
/// @notice What its owner adds counts after a delay, in which whoever disagrees can leave (an
/// account pins a root or names another registry); what its owner revokes counts no longer at once.
///
/// The contract does not compute the tree. It logs every key that is added, with its slot, and every
/// one that is removed, so that anybody can build the tree with `zkdkim registry`, in the order of
/// the logs up to a `RootProposed`, and compare the root during the delay.
///
/// To withdraw a key: `removeKey`, `revokeRoots` for all roots of trees that hold it, recent or not,
/// and `proposeRoot` for the tree without it.
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
    /// @notice Slots in the tree.
    uint256 public constant CAPACITY = 1 << 20;
    /// @notice Bytes in the longest domain name that the statement has room for.
    uint256 public constant MAX_DOMAIN_BYTES = 62;
    /// @notice Bytes in the longest key; those of the statement have 270 or 294.
    uint256 public constant MAX_KEY_BYTES = 1024;

    /// @notice Seconds from a proposal until it can be accepted.
    uint256 public immutable DELAY;

    /// @dev `acceptableFrom` is 0 unless the root is proposed and not yet accepted; `sequence` is
    /// the number of its latest acceptance, counted from 1.
    struct Root {
        uint64 acceptableFrom;
        uint64 sequence;
        bool revoked;
    }

    /// @dev `validFrom` is 0 for a key that never was added.
    struct Key {
        uint64 validFrom;
        bool removed;
    }

    struct Slot {
        bytes32 domainHash;
        bytes32 keyHash;
    }

    /// @notice Acceptances so far.
    uint64 public acceptances;
    /// @notice Slots used so far; the next key goes into this one.
    uint64 public usedSlots;

    RegistryRoot[RECENT_ROOTS] private _recent;
    mapping(RegistryRoot root => Root) private _roots;
    mapping(uint256 slot => Slot) private _slots;
    mapping(bytes32 domainHash => mapping(bytes32 keyHash => Key)) private _keys;

    /// @notice A root was proposed.
    /// @param root Root of the tree of all keys logged so far.
    /// @param usedSlots Slots used so far.
    /// @param acceptableFrom When anybody may make it count.
    event RootProposed(RegistryRoot indexed root, uint256 usedSlots, uint256 acceptableFrom);
    /// @notice A root counts from now on, until it is revoked or makes place.
    /// @param root The root.
    /// @param sequence The number of this acceptance, counted from 1.
    event RootAccepted(RegistryRoot indexed root, uint256 sequence);
    /// @notice A root does not count any more and never will again.
    /// @param root The root.
    event RootRevoked(RegistryRoot indexed root);
    /// @notice A key has taken a slot.
    /// @param slot Its slot.
    /// @param domainHash keccak256 of the domain.
    /// @param keyHash keccak256 of the public key.
    /// @param domain The signing domain.
    /// @param publicKey The key as its DNS record has it in `p=`, without base64.
    /// @param validFrom When `isKeyHashValid` begins to say so.
    event KeyAdded(
        uint256 indexed slot,
        bytes32 indexed domainHash,
        bytes32 indexed keyHash,
        string domain,
        bytes publicKey,
        uint256 validFrom
    );
    /// @notice The slot is empty from now on and stays so.
    /// @param slot The slot.
    /// @param domainHash keccak256 of the domain.
    /// @param keyHash keccak256 of the public key.
    event KeyRemoved(uint256 indexed slot, bytes32 indexed domainHash, bytes32 indexed keyHash);

    /// @notice A delay outside the bounds.
    error InvalidDelay(uint256 delay, uint256 minimum, uint256 maximum);
    /// @notice 0, or not below the scalar field's order.
    error InvalidRoot(RegistryRoot root);
    /// @notice The root was revoked, which is final.
    error RootIsRevoked(RegistryRoot root);
    /// @notice The root waits for acceptance already.
    error RootAlreadyProposed(RegistryRoot root);
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
    /// @notice An empty key or one longer than `MAX_KEY_BYTES`.
    error InvalidKeyLength(uint256 length, uint256 maximum);
    /// @notice This key of this domain was added before; one that was removed stays so.
    error KeyAlreadyAdded(bytes32 domainHash, bytes32 keyHash);
    /// @notice All slots are used.
    error RegistryFull();
    /// @notice No key is in the slot.
    error SlotEmpty(uint256 slot);
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
        if (publicKey.length == 0 || publicKey.length > MAX_KEY_BYTES) {
            revert InvalidKeyLength(publicKey.length, MAX_KEY_BYTES);
        }
        slot = usedSlots;
        if (slot == CAPACITY) revert RegistryFull();
        bytes32 domainHash = keccak256(bytes(domain));
        bytes32 keyHash = keccak256(publicKey);
        Key storage key = _keys[domainHash][keyHash];
        if (key.validFrom != 0) revert KeyAlreadyAdded(domainHash, keyHash);

        usedSlots = SafeCast.toUint64(slot + 1);
        _slots[slot] = Slot(domainHash, keyHash);
        key.validFrom = SafeCast.toUint64(block.timestamp + DELAY);
        emit KeyHashRegistered(domainHash, keyHash);
        emit KeyAdded(slot, domainHash, keyHash, domain, publicKey, key.validFrom);
    }

    /// @notice Removes a key, at once for `isKeyHashValid`. Proofs are stopped by `revokeRoots`.
    /// @param slot The key's slot.
    function removeKey(uint256 slot) external onlyOwner {
        Slot memory entry = _slots[slot];
        if (entry.domainHash == 0) revert SlotEmpty(slot);
        delete _slots[slot];
        _keys[entry.domainHash][entry.keyHash].removed = true;
        emit KeyHashRevoked(entry.domainHash);
        emit KeyRemoved(slot, entry.domainHash, entry.keyHash);
    }

    /// @notice Proposes the root of the tree as it stands in the logs.
    /// @param root The root.
    function proposeRoot(RegistryRoot root) external onlyOwner {
        uint256 value = RegistryRoot.unwrap(root);
        if (value == 0 || value >= SCALAR_FIELD_ORDER) revert InvalidRoot(root);
        Root storage entry = _roots[root];
        if (entry.revoked) revert RootIsRevoked(root);
        if (entry.acceptableFrom != 0) revert RootAlreadyProposed(root);
        if (_isRecent(entry.sequence)) revert RootAlreadyAccepted(root);
        entry.acceptableFrom = SafeCast.toUint64(block.timestamp + DELAY);
        emit RootProposed(root, usedSlots, entry.acceptableFrom);
    }

    /// @notice Makes a proposed root count after the delay. Anybody may call it. The oldest of
    /// `RECENT_ROOTS` makes place.
    /// @param root The root.
    function acceptRoot(RegistryRoot root) external {
        Root storage entry = _roots[root];
        if (entry.revoked) revert RootIsRevoked(root);
        if (entry.acceptableFrom == 0) revert RootNotProposed(root);
        if (block.timestamp < entry.acceptableFrom) {
            revert DelayNotPassed(block.timestamp, entry.acceptableFrom);
        }
        _recent[acceptances % RECENT_ROOTS] = root;
        entry.acceptableFrom = 0;
        entry.sequence = ++acceptances;
        emit RootAccepted(root, entry.sequence);
    }

    /// @notice Revokes roots, at once and for ever: recent ones, proposed ones, and ones that made
    /// place long ago, since votes may still stand on them. Those revoked before are passed over, so
    /// that nothing stops an emergency.
    /// @param roots The roots, at most `MAX_REVOCATIONS`.
    function revokeRoots(RegistryRoot[] calldata roots) external onlyOwner {
        if (roots.length > MAX_REVOCATIONS) revert TooManyRoots(roots.length, MAX_REVOCATIONS);
        for (uint256 i = 0; i < roots.length; ++i) {
            Root storage entry = _roots[roots[i]];
            if (entry.revoked) continue;
            entry.revoked = true;
            entry.acceptableFrom = 0;
            emit RootRevoked(roots[i]);
        }
    }

    /// @inheritdoc IKeyRegistryRoots
    function isAccepted(RegistryRoot root) external view returns (bool) {
        return _isAccepted(root);
    }

    /// @inheritdoc IKeyRegistryRoots
    function isRevoked(RegistryRoot root) external view returns (bool) {
        return _roots[root].revoked;
    }

    /// @notice When a proposed root can be accepted; 0 if it is not proposed.
    /// @param root The root.
    /// @return The first second in which it can be.
    function acceptableFrom(RegistryRoot root) external view returns (uint256) {
        return _roots[root].acceptableFrom;
    }

    /// @notice The accepted roots, newest first; 0 in place of one that was revoked or is not there.
    /// @return roots The roots.
    function recentRoots() external view returns (RegistryRoot[RECENT_ROOTS] memory roots) {
        for (uint256 i = 0; i < RECENT_ROOTS && i < acceptances; ++i) {
            RegistryRoot root = _recent[(acceptances - 1 - i) % RECENT_ROOTS];
            if (_isAccepted(root)) roots[i] = root;
        }
    }

    /// @inheritdoc IDKIMRegistry
    /// @dev The hash of a key is keccak256 of the bytes that its DNS record has in `p=`.
    function isKeyHashValid(bytes32 domainHash, bytes32 keyHash) external view returns (bool) {
        Key memory key = _keys[domainHash][keyHash];
        return key.validFrom != 0 && block.timestamp >= key.validFrom && !key.removed;
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

    function _isAccepted(RegistryRoot root) private view returns (bool) {
        Root memory entry = _roots[root];
        return _isRecent(entry.sequence) && !entry.revoked;
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
