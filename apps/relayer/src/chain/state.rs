//! What a recovery contract says of an account.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};

use super::{
    abi::{
        IEmailRecovery, IKeyRegistryRoots, IRecoveryProofVerifier, PendingRecovery, RecoveryConfig,
        IERC1271,
    },
    ledger::{CallFault, Ledger},
};
use crate::{
    error::{Error, Result},
    job::{Errand, Target},
};

/// Whose number stands in a Subject, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The number that mails must name; 0 where no round is open.
    pub nonce: u64,
    /// When it was drawn, in seconds since 1970.
    pub since: u64,
}

/// An account at one contract.
#[derive(Debug)]
pub struct AccountState<'a, L: Ledger + ?Sized> {
    ledger: &'a L,
    contract: Address,
    account: Address,
}

impl<'a, L: Ledger + ?Sized> AccountState<'a, L> {
    /// An account at a contract; nothing is asked yet.
    pub fn new(ledger: &'a L, contract: Address, account: Address) -> Self {
        AccountState { ledger, contract, account }
    }

    /// The number that mails for an errand must name. None where the account has no configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn standing(&self, errand: Errand) -> Result<Option<Standing>> {
        let account = self.account;
        let seconds = |time: U256| time.try_into().unwrap_or(u64::MAX);
        match errand {
            Errand::Accept => {
                let setup = self.ask(IEmailRecovery::setupOfCall { account }).await?;
                Ok(setup.map(|s| Standing { nonce: s.nonce, since: seconds(s.configuredAt) }))
            }
            _ => {
                let round = self.ask(IEmailRecovery::roundOfCall { account }).await?;
                Ok(round.map(|r| Standing { nonce: r.nonce, since: seconds(r.openedAt) }))
            }
        }
    }

    /// What the account decided. None where it has no configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn config(&self) -> Result<Option<RecoveryConfig>> {
        self.ask(IEmailRecovery::configOfCall { account: self.account }).await
    }

    /// The recovery that waits; none where none does.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn pending(&self) -> Result<Option<PendingRecovery>> {
        let pending =
            self.ask(IEmailRecovery::pendingRecoveryOfCall { account: self.account }).await?;
        Ok(pending.filter(|pending| !pending.newOwner.is_empty()))
    }

    /// When the mail of a guardian's vote in this round was shown to be written at the earliest; 0 where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn voted_not_before(&self, commitment: U256) -> Result<u64> {
        let (account, guardian) = (self.account, commitment);
        let call = IEmailRecovery::guardianOfCall { account, guardian };
        Ok(self.ask(call).await?.map_or(0, |status| status.votedAt.to::<u64>()))
    }

    /// Whether a signed header block has counted, in the state behind a block.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn is_used(&self, nullifier: U256, block: Option<u64>) -> Result<bool> {
        let call = IEmailRecovery::isNullifierUsedCall { account: self.account, nullifier };
        Ok(read(self.ledger, self.contract, call, block).await?.unwrap_or(false))
    }

    /// Whether the account takes a registry root now.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn takes_root(&self, config: &RecoveryConfig, root: U256) -> Result<bool> {
        let registry = config.registry;
        if config.pinnedRoot == root && root != U256::ZERO {
            let revoked = IKeyRegistryRoots::isRevokedCall { root };
            return Ok(read(self.ledger, registry, revoked, None).await? == Some(false));
        }
        let call =
            IKeyRegistryRoots::isAcceptedAfterCall { root, delay: U256::from(config.rootDelay) };
        Ok(read(self.ledger, registry, call, None).await? == Some(true))
    }

    /// The digest of the key that the account's verifier checks proofs with; none where it names none.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn verifying_key(&self, config: &RecoveryConfig) -> Result<Option<[u8; 32]>> {
        let call = IRecoveryProofVerifier::verifyingKeyDigestCall {};
        Ok(read(self.ledger, config.verifier, call, None).await?.map(|digest| digest.0))
    }

    async fn ask<C: SolCall>(&self, call: C) -> Result<Option<C::Return>> {
        read(self.ledger, self.contract, call, None).await
    }
}

/// Which of the contracts waits for what a Subject says: the one whose number it names.
///
/// # Errors
///
/// [`Error::Node`].
pub async fn locate<L: Ledger + ?Sized>(
    ledger: &L,
    contracts: &[Address],
    target: &Target,
) -> Result<Option<(Address, Standing)>> {
    for &contract in contracts {
        let state = AccountState::new(ledger, contract, target.account);
        let standing = state.standing(target.errand).await?;
        if let Some(standing) = standing.filter(|s| s.nonce == target.nonce && s.nonce != 0) {
            return Ok(Some((contract, standing)));
        }
    }
    Ok(None)
}

/// Whether an account that is a contract takes a signature for its own (ERC-1271); false where it is none.
///
/// # Errors
///
/// [`Error::Node`].
pub async fn accepts_signature<L: Ledger + ?Sized>(
    ledger: &L,
    account: Address,
    hash: [u8; 32],
    signature: Bytes,
) -> Result<bool> {
    // The magic value is the function's selector.
    let magic = IERC1271::isValidSignatureCall::SELECTOR;
    let call = IERC1271::isValidSignatureCall { hash: hash.into(), signature };
    let answer = match ledger.call(Address::ZERO, account, call.abi_encode(), None).await {
        Ok(answer) => answer,
        Err(CallFault::Reverted(_)) => return Ok(false),
        Err(CallFault::Node(error)) => return Err(error),
    };
    // Whatever else a stranger's contract answers is no.
    Ok(answer.len() == 32 && answer[..4] == magic && answer[4..].iter().all(|byte| *byte == 0))
}

/// A view's answer; none where it reverts or nothing is there.
async fn read<L: Ledger + ?Sized, C: SolCall>(
    ledger: &L,
    to: Address,
    call: C,
    block: Option<u64>,
) -> Result<Option<C::Return>> {
    let answer = match ledger.call(Address::ZERO, to, call.abi_encode(), block).await {
        Ok(answer) => answer,
        Err(CallFault::Reverted(_)) => return Ok(None),
        Err(CallFault::Node(error)) => return Err(error),
    };
    decode::<C>(ledger.chain(), &answer)
}

/// No contract at the address answers with nothing at all.
fn decode<C: SolCall>(chain: u64, answer: &Bytes) -> Result<Option<C::Return>> {
    if answer.is_empty() {
        return Ok(None);
    }
    C::abi_decode_returns(answer).map(Some).map_err(|_| Error::Node {
        chain,
        detail: format!("{}: an answer that is none", C::SIGNATURE),
    })
}
