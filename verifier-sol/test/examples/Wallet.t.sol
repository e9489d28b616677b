// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {RealRecoveryTest} from "../support/RealRecoveryTest.sol";
import {Published} from "../support/accounts/Published.sol";
import {Wallet, WalletRecovery} from "./Wallet.sol";

/// @notice The integration that docs/contracts.md shows, with real proofs. The test owns the wallet.
contract WalletTest is RealRecoveryTest, Published {
    Wallet private constant WALLET = Wallet(address(ACCOUNT));
    WalletRecovery private constant WALLET_RECOVERY = WalletRecovery(address(RECOVERY));

    function setUp() public override {
        super.setUp();
        vm.etch(address(WALLET_RECOVERY), address(new WalletRecovery()).code);
        deployAt(address(WALLET), type(Wallet).creationCode);
        WALLET.install(WALLET_RECOVERY, guardiansConfig());
        accept("accept-alice");
        accept("accept-bob");
        ensureRound(WALLET_RECOVERY, address(WALLET));
        vm.warp(VOTES);
        vote("recover-alice", NEW_KEY);
        vote("recover-bob", NEW_KEY);
    }

    function test_wallet_isRecovered() external {
        vm.warp(VOTES + DELAY);
        vm.prank(relayer);
        WALLET_RECOVERY.execute(address(WALLET));
        vm.assertEq(WALLET.owner(), NEW_KEY);
    }

    function test_wallet_isNotRecoveredWhenItsOwnerCancels() external {
        WALLET.cancelRecovery();
        vm.warp(VOTES + DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, address(WALLET))
        );
        WALLET_RECOVERY.execute(address(WALLET));
        vm.assertEq(WALLET.owner(), address(this));
    }

    function test_recoverTo_revertsWhenEvenTheOwnerCalls() external {
        vm.expectRevert(bytes("not the recovery contract"));
        WALLET.recoverTo(NEW_KEY);
    }
}
