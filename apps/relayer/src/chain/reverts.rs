//! What a contract's refusal means for a job: that it is over, or that it can wait.

use alloy::{
    primitives::Bytes,
    sol_types::{SolError, SolInterface},
};

use super::abi::IEmailRecovery::{BatchedVoteRefused, IEmailRecoveryErrors as Errors};
use crate::job::Refused;

/// What a refusal means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// No later time makes it work.
    Over(Refused),
    /// Time may; where it does not, this is the reason.
    Wait(Refused),
}

/// Which vote of a bundle a contract refuses, and with which data; none where it refuses something else.
pub fn refused_of_bundle(data: &Bytes) -> Option<(usize, Bytes)> {
    let error = BatchedVoteRefused::abi_decode(data).ok()?;
    Some((usize::try_from(error.index).ok()?, error.reason))
}

/// Judges what a call reverted with.
pub fn judge(data: &Bytes) -> Judgement {
    let Ok(error) = Errors::abi_decode(data) else {
        let detail = match data.len() {
            0 => "it gives no reason".into(),
            _ => format!("it gives a reason that is unknown here: {}", short(data)),
        };
        // A node that ran out of gas or an account that refuses may think otherwise later.
        return Judgement::Wait(Refused::new(
            "contract-refuses",
            detail,
            "look at the account on the chain; its module may be missing, or refuse the key",
        ));
    };
    let over =
        |reason, detail: &str, hint: &str| Judgement::Over(Refused::new(reason, detail, hint));
    let wait =
        |reason, detail: &str, hint: &str| Judgement::Wait(Refused::new(reason, detail, hint));
    const NEW_MAIL: &str = "ask for the Subject again and send a new mail";
    match error {
        Errors::NotConfigured(_) => over(
            "not-configured",
            "the account has no recovery at this contract",
            "its owner has to set up recovery first",
        ),
        Errors::NoCode(_) => over(
            "no-code",
            "the account, or something that it names, has no code on this chain",
            "check account and chain",
        ),
        Errors::RoundNotOpen(_) => {
            over("round-not-open", "no round is open, so no vote counts", NEW_MAIL)
        }
        Errors::RoundOpen(..) => over("round-open", "a round is open already", "vote in it"),
        Errors::NotGuardian(_) => over(
            "not-guardian",
            "this mailbox, with this salt, is no guardian of the account",
            "send from the address that the owner named; if it is the right one, its salt is another",
        ),
        Errors::AlreadyAccepted(_) => over(
            "already-accepted",
            "this guardian has accepted before",
            "nothing is left to do",
        ),
        Errors::NotAccepted(_) => over(
            "not-accepted",
            "this guardian has not accepted, so it can't vote",
            "accept first: send the Subject that begins with Guard",
        ),
        Errors::MailNotNewer(_) => over(
            "mail-not-newer",
            "a mail of this guardian that is as late has counted in this round",
            "to change the vote, send a new mail",
        ),
        Errors::SubjectFormRefused(_) => over(
            "subject-form",
            "the account does not take Subjects of this form",
            "ask the wallet for the other form, sealed or clear",
        ),
        Errors::SubjectMismatch(_) => over(
            "subject-mismatch",
            "the Subject is not the one that counts now: another account, chain, round, key or command",
            NEW_MAIL,
        ),
        Errors::RootNotAccepted(_) => wait(
            "root-not-accepted",
            "the account does not take the relayer's key registry, or not yet",
            "another relayer may have a registry that it takes; the operator of this one was told",
        ),
        Errors::MailTooOld(_) => over(
            "mail-too-old",
            "the mail is older than the round, or than the account allows",
            NEW_MAIL,
        ),
        Errors::MailFromTheFuture(_) => wait(
            "mail-from-the-future",
            "the provider's clock is ahead of the chain's",
            "nothing is left to do: it is tried again",
        ),
        Errors::UndatedMailRefused(_) => over(
            "undated-mail",
            "the provider signs no time, and the account takes only mail with one",
            "send from another guardian's mailbox",
        ),
        Errors::MailAlreadyUsed(_) => {
            over("mail-already-used", "this mail has counted before", "nothing is left to do")
        }
        Errors::InvalidProof(_) => over(
            "invalid-proof",
            "the account's verifier does not accept the proof",
            "it is of another version: use a relayer whose circuit is that of the account's verifier",
        ),
        Errors::InvalidNewOwner(_) => over(
            "invalid-new-key",
            "the account can't be given this key",
            "make another key and ask for its Subject",
        ),
        Errors::RecoveryPending(_) => over(
            "recovery-pending",
            "a recovery has started, so no more votes are needed",
            "wait until it can be executed; if its key is wrong, cancel it",
        ),
        Errors::NoRecoveryPending(_) => over(
            "no-recovery-pending",
            "no recovery waits: it was executed, cancelled or discarded, or never started",
            "look at the account on the chain",
        ),
        Errors::DelayNotPassed(_) => {
            wait("delay-not-passed", "the account's delay has not passed", "it is executed then")
        }
        Errors::RecoveryExpired(_) => {
            over("recovery-expired", "the recovery has expired", "guardians vote in another round")
        }
        Errors::NotEnoughWeight(_) => over(
            "not-enough-weight",
            "votes lost their weight, as the registry root that they rest on was revoked",
            "guardians vote in another round",
        ),
        Errors::BatchLength(_) | Errors::BatchedVoteRefused(_) => {
            wait("contract-refuses", "the bundle is refused", "it is tried again vote by vote")
        }
    }
}

fn short(data: &Bytes) -> String {
    hex::encode(&data[..data.len().min(4)])
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};

    use super::*;
    use crate::chain::abi::IEmailRecovery::{MailAlreadyUsed, RootNotAccepted};

    #[test]
    fn a_known_refusal_has_its_name_and_its_remedy() {
        let used = MailAlreadyUsed { account: Address::ZERO, nullifier: U256::from(1) };
        let Judgement::Over(refused) = judge(&used.abi_encode().into()) else {
            panic!("a mail that counted never counts again")
        };
        assert_eq!(refused.reason, "mail-already-used");
        let root = RootNotAccepted { root: U256::from(1) };
        let Judgement::Wait(refused) = judge(&root.abi_encode().into()) else {
            panic!("a root may be accepted later")
        };
        assert!(refused.reason == "root-not-accepted" && !refused.hint.is_empty());
    }

    #[test]
    fn data_that_nobody_knows_make_it_wait() {
        for data in [vec![], vec![1, 2, 3], vec![0xff; 100]] {
            let Judgement::Wait(refused) = judge(&data.into()) else { panic!("it is not over") };
            assert_eq!(refused.reason, "contract-refuses");
        }
    }

    #[test]
    fn the_refused_vote_of_a_bundle_is_found() {
        let reason = MailAlreadyUsed { account: Address::ZERO, nullifier: U256::from(1) };
        let reason: Bytes = reason.abi_encode().into();
        let error = BatchedVoteRefused { index: U256::from(2), reason: reason.clone() };
        assert_eq!(refused_of_bundle(&error.abi_encode().into()), Some((2, reason.clone())));
        assert_eq!(refused_of_bundle(&reason), None);
        let far = BatchedVoteRefused { index: U256::MAX, reason };
        assert_eq!(refused_of_bundle(&far.abi_encode().into()), None);
    }
}
