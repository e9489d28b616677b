//! A job: one mail, proof or errand on its way to one effect on a chain, or to one named refusal.
//!
//! ```text
//!  received ─► checked ─► salt ─► proving ─► proved ─► sent ─► final
//!      └──────────┴────────┴────────┴──────────┘ └─◄─────┘ the transaction failed or was lost
//!                         │
//!                         ▼
//!                      refused: reason, detail, hint
//! ```
//!
//! `salt` and `proving` hold nothing that is kept: a salt is never stored, so a worker that takes such a job over begins at
//! `checked` again. `proved` has the proof, `sent` the signed transaction; both are in the store before anything is done with
//! them.

use std::{fmt, str::FromStr};

use alloy::primitives::{Address, U256};
use zkdkim_relation::{
    owner::Owner,
    recovery_subject::{Action, Command},
};

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The mail is in the store.
    Received,
    /// Every native rule holds, and a recovery contract waits for what the mail says.
    Checked,
    /// The salt is being looked for.
    Salt,
    /// The proof is being made.
    Proving,
    /// The proof is in the store; the next transaction takes it along.
    Proved,
    /// A signed transaction is in the store.
    Sent,
    /// The effect is on the chain, under as many blocks as the operator asks for.
    Final,
    /// There will be no effect.
    Refused,
}

impl State {
    /// All, in order.
    pub const ALL: [State; 8] = [
        State::Received,
        State::Checked,
        State::Salt,
        State::Proving,
        State::Proved,
        State::Sent,
        State::Final,
        State::Refused,
    ];

    /// The name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Checked => "checked",
            State::Salt => "salt",
            State::Proving => "proving",
            State::Proved => "proved",
            State::Sent => "sent",
            State::Final => "final",
            State::Refused => "refused",
        }
    }

    /// Whether nothing follows.
    pub fn is_over(self) -> bool {
        matches!(self, State::Final | State::Refused)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<State, ()> {
        State::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// What a job does to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errand {
    /// A guardian accepts.
    Accept,
    /// A guardian votes for a key.
    Recover,
    /// A guardian votes to cancel.
    Cancel,
    /// A round is opened, so that guardians can vote. No mail asks for it, but a request does.
    OpenRound,
    /// A recovery whose delay has passed is completed.
    Execute,
}

impl Errand {
    /// All, in order.
    pub const ALL: [Errand; 5] =
        [Errand::Accept, Errand::Recover, Errand::Cancel, Errand::OpenRound, Errand::Execute];

    /// The name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Errand::Accept => "accept",
            Errand::Recover => "recover",
            Errand::Cancel => "cancel",
            Errand::OpenRound => "open-round",
            Errand::Execute => "execute",
        }
    }
}

impl FromStr for Errand {
    type Err = ();

    fn from_str(text: &str) -> Result<Errand, ()> {
        Errand::ALL.into_iter().find(|errand| errand.name() == text).ok_or(())
    }
}

/// What an effect is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// What is done.
    pub errand: Errand,
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The recovery contract.
    pub contract: Address,
    /// The account.
    pub account: Address,
    /// The number that the Subject names; that of the round for an execution, 0 for a round to open.
    pub nonce: u64,
    /// Whom is voted for; nobody where it is no vote for anybody. Of longer bytes than an address only the hash is here.
    pub new_owner: Option<Owner>,
}

impl Target {
    /// What a Subject asks for, of a contract.
    pub fn of(command: &Command, chain: u64, contract: Address) -> Target {
        let (errand, new_owner) = match command.action {
            Action::Guard => (Errand::Accept, None),
            Action::Recover(key) => (Errand::Recover, Some(Owner::Key(key))),
            Action::RecoverTo(hash) => (Errand::Recover, Some(Owner::Bytes(hash))),
            Action::Cancel => (Errand::Cancel, None),
        };
        let account = Address::from(command.account.0);
        Target { errand, chain, contract, account, nonce: command.nonce, new_owner }
    }

    /// The Subject that a guardian writes; none where no mail is needed.
    pub fn subject(&self) -> Option<String> {
        let action = match self.errand {
            Errand::Accept => Action::Guard,
            Errand::Recover => self.new_owner?.into(),
            Errand::Cancel => Action::Cancel,
            Errand::OpenRound | Errand::Execute => return None,
        };
        let (account, chain) = (plain(self.account), self.chain.into());
        Some(Command { account, chain, nonce: self.nonce, action }.to_string())
    }
}

fn plain(address: Address) -> zkdkim_relation::recovery_subject::Address {
    zkdkim_relation::recovery_subject::Address(address.into_array())
}

/// A proof as a contract takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// The public inputs, in the statement's order.
    pub inputs: [U256; 10],
    /// The proof.
    pub proof: Vec<u8>,
}

impl Proven {
    /// Which signed header block it is; counts once for an account.
    pub fn nullifier(&self) -> U256 {
        self.inputs[zkdkim_relation::statement::place::NULLIFIER]
    }

    /// Which guardian it is of.
    pub fn commitment(&self) -> U256 {
        self.inputs[zkdkim_relation::statement::place::EMAIL_COMMITMENT]
    }
}

/// Shows sizes only.
impl fmt::Debug for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proven({} bytes)", self.proof.len())
    }
}

/// Why there will be no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// A stable name in kebab case: of a rule, of a contract's error, or of the relayer's own.
    pub reason: String,
    /// What was found. May quote the mail: shown to whoever knows the request's id, never logged.
    pub detail: String,
    /// What would help; empty where nothing would.
    pub hint: String,
}

impl Refused {
    /// A refusal of the relayer's own.
    pub fn new(reason: &str, detail: impl Into<String>, hint: impl Into<String>) -> Refused {
        Refused { reason: reason.into(), detail: detail.into(), hint: hint.into() }
    }

    /// For a vote whose new owner is more than an address, of which nobody said what it is.
    pub fn owner_unknown() -> Refused {
        Refused::new(
            "owner-unknown",
            "a mail has only the hash of such a new owner, and nobody has told this relayer what it is",
            "let the wallet ask for the Subject here, with `new_owner`, then send the mail again",
        )
    }
}

impl From<zkdkim_relation::Refusal> for Refused {
    fn from(refusal: zkdkim_relation::Refusal) -> Refused {
        Refused {
            reason: refusal.rule.id().into(),
            detail: format!("{} ({})", refusal.detail, refusal.place),
            hint: refusal.hint,
        }
    }
}

/// A job as the store has it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Random, 32 hexadecimal digits; what logs show.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Known from `checked` on.
    pub target: Option<Target>,
    /// Known from `proved` on, where a proof is needed.
    pub proven: Option<Proven>,
    /// How often it was begun since its last step and not given back.
    pub attempts: i64,
    /// The transaction that carries it.
    pub transaction: Option<String>,
    /// When the recovery that this vote started can be executed, in seconds since 1970.
    pub executable_from: Option<i64>,
    /// Why it was refused.
    pub refused: Option<Refused>,
    /// How long ago it was received, in seconds.
    pub age: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        for errand in Errand::ALL {
            assert_eq!(errand.name().parse(), Ok(errand));
        }
        assert!("done".parse::<State>().is_err() && "".parse::<Errand>().is_err());
    }

    #[test]
    fn a_target_has_the_subject_that_it_was_read_from() {
        let account = "0x00112233445566778899aabbccddeeff00112233";
        let key = "0xffeeddccbbaa99887766554433221100ffeeddcc";
        for text in [
            format!("Guard {account} on 8453 nonce 12"),
            format!("Recover {account} on 1 nonce 18446744073709551615 to {key}"),
            format!("Recover {account} on 1 nonce 7 to 0x{}", "5a".repeat(32)),
            format!("Cancel {account} on 1 nonce 7"),
        ] {
            let command: Command = text.parse().unwrap();
            let chain = command.chain.try_into().unwrap();
            let target = Target::of(&command, chain, Address::repeat_byte(7));
            assert_eq!(target.subject().as_deref(), Some(&text[..]));
        }
    }
}
