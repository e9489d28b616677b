// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {GuardianId} from "../../contracts/interfaces/GuardianId.sol";
import {RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";
import {RealVerifier} from "./RealVerifier.sol";
import {RecoveryTest} from "./RecoveryTest.sol";

/// @notice The generated verifier, real proofs and their guardians.
abstract contract RealRecoveryTest is RecoveryTest, RealVerifier {
    /// @dev The time of the votes; mail with acceptances is a minute older.
    uint256 internal constant VOTES = START + 60;

    GuardianId internal alice;
    GuardianId internal bob;
    GuardianId internal carol;
    GuardianId internal mallory;
    RegistryRoot internal firstRoot;
    RegistryRoot internal secondRoot;

    function setUp() public virtual override {
        super.setUp();
        verifier = deployRealVerifier();
        alice = guardianOf("accept-alice");
        bob = guardianOf("accept-bob");
        carol = guardianOf("accept-carol");
        mallory = guardianOf("accept-mallory");
        (firstRoot, secondRoot) = (registryRoot("first"), registryRoot("second"));
        RegistryRoot[] memory roots = new RegistryRoot[](2);
        (roots[0], roots[1]) = (firstRoot, secondRoot);
        acceptRoots(roots);
        vm.warp(START);
    }

    function guardiansConfig() internal view returns (IEmailRecovery.RecoveryConfig memory) {
        return twoOfThree([alice, bob, carol]);
    }

    function accept(string memory name) internal {
        Fixture memory mail = fixture(name);
        vm.prank(relayer);
        RECOVERY.acceptGuardian(address(ACCOUNT), mail.inputs, mail.proof);
    }

    function vote(string memory name, address newKey) internal {
        Fixture memory mail = fixture(name);
        vm.prank(relayer);
        RECOVERY.vote(address(ACCOUNT), asOwner(newKey), mail.inputs, mail.proof);
    }

    /// @dev The account is configured, all have accepted, a round is open, and it is time to vote.
    function acceptAll() internal {
        configure(ACCOUNT, guardiansConfig());
        accept("accept-alice");
        accept("accept-bob");
        accept("accept-carol");
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.warp(VOTES);
    }
}
