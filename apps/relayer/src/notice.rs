//! Notices: who has said so by the account's key is told by mail when a recovery of that account starts, whoever started it, as
//! long as it can be cancelled. One notice to an address and recovery; a process that dies between handing it over and noting
//! that hands it over again, with the same `Message-ID`, by which mail programs know it.

use std::time::{Duration, UNIX_EPOCH};

use alloy::primitives::{eip191_hash_message, keccak256, Address, Bytes, Signature, B256};
use lettre::Message;
use tracing::{info, warn};

use crate::{
    chain::{accepts_signature, Ledger, Started},
    error::Result,
    job::{Errand, Target},
    pipeline::Chain,
    post::{Post, Unsent},
    store::{random_id, Notice, Store},
};

/// Most addresses of one account.
pub const MAX_ADDRESSES: usize = 3;
/// How old a signature may be, and how far a clock may be ahead, in seconds.
pub const MAX_AGE_SECONDS: i64 = 3600;
const AHEAD_SECONDS: i64 = 300;
/// A notice is tried until its recovery expires, with such pauses in between, and not for ever.
const MAX_ATTEMPTS: i64 = 40;
const LONGEST_PAUSE_SECONDS: i64 = 3600;
const LEASE_SECONDS: i64 = 120;

/// Whom an account wants to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The account.
    pub account: Address,
    /// Mail addresses; none where nobody shall be told any more.
    pub addresses: Vec<String>,
    /// When it was signed, in seconds since 1970; later than what was signed before.
    pub signed: i64,
}

impl Wanted {
    /// What the account signs by EIP-191 (`personal_sign`), or takes for signed by ERC-1271:
    ///
    /// ```text
    /// zkdkim notices 1
    /// relayer ADDRESS THAT GUARDIANS WRITE TO
    /// chain NUMBER
    /// account 0x<40 lower-case digits>
    /// to ADDRESS            a line for each
    /// at <seconds since 1970>
    /// ```
    pub fn text(&self, relayer: &str) -> String {
        let to: String = self.addresses.iter().map(|address| format!("to {address}\n")).collect();
        let (chain, account, at) = (self.chain, self.account, self.signed);
        format!(
            "zkdkim notices 1\nrelayer {relayer}\nchain {chain}\naccount {account:#x}\n{to}at {at}"
        )
    }

    /// Whether these are addresses that a mail can be sent to, no two the same, and few enough.
    pub fn has_addresses(&self) -> bool {
        let good = |address: &String| {
            address.len() <= 254
                && address.bytes().all(|byte| byte.is_ascii_graphic())
                && address.parse::<lettre::Address>().is_ok()
        };
        let differ = |(i, address)| !self.addresses[..i].contains(address);
        self.addresses.len() <= MAX_ADDRESSES
            && self.addresses.iter().all(good)
            && self.addresses.iter().enumerate().all(differ)
    }

    /// Whether it was signed lately, by this clock in seconds since 1970.
    pub fn is_fresh(&self, now: i64) -> bool {
        (now.saturating_sub(MAX_AGE_SECONDS)..=now.saturating_add(AHEAD_SECONDS))
            .contains(&self.signed)
    }

    /// Whether the account signed it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Node`].
    pub async fn is_signed<L: Ledger + ?Sized>(
        &self,
        relayer: &str,
        signature: &Bytes,
        ledger: &L,
    ) -> Result<bool> {
        let hash: B256 = eip191_hash_message(self.text(relayer));
        let signer = Signature::try_from(&signature[..])
            .and_then(|signature| signature.recover_address_from_prehash(&hash));
        if signer.is_ok_and(|signer| signer == self.account) {
            return Ok(true);
        }
        accepts_signature(ledger, self.account, hash.0, signature.clone()).await
    }
}

/// Looks for recoveries on a chain.
pub struct Watch {
    /// Where notices are kept.
    pub store: Store,
    /// The chain and its contracts.
    pub chain: Chain,
    /// Blocks that an event has to be under, its own included.
    pub confirmations: u64,
    /// Most blocks that are asked for at a time.
    pub blocks: u64,
    /// Who holds the lease of this chain.
    pub holder: String,
}

impl Watch {
    /// A watch over a chain.
    pub fn new(store: Store, chain: Chain, confirmations: u64, blocks: u64) -> Watch {
        Watch { store, chain, confirmations, blocks, holder: random_id() }
    }

    /// Looks at the next blocks; false where there is none, or another process looks. The first time it begins with the newest.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Node`] and [`crate::Error::Database`]; the same blocks are looked at again.
    pub async fn look(&self) -> Result<bool> {
        let ledger = &*self.chain.ledger;
        let lease = format!("notices {}", ledger.chain());
        if !self.store.hold(&lease, &self.holder, LEASE_SECONDS).await? {
            return Ok(false);
        }
        let head = ledger.head().await?.number;
        let Some(settled) = head.checked_sub(self.confirmations.saturating_sub(1)) else {
            return Ok(false);
        };
        let Some(looked) = self.store.looked(ledger.chain()).await? else {
            self.store.saw(ledger.chain(), settled, &[]).await?;
            return Ok(false);
        };
        if looked >= settled {
            return Ok(false);
        }
        let to = settled.min(looked.saturating_add(self.blocks));
        let started = ledger.started(&self.chain.contracts, looked + 1, to).await?;
        let notices = self.store.saw(ledger.chain(), to, &started).await?;
        if notices > 0 {
            info!(chain = ledger.chain(), notices, "recoveries started that somebody is told of");
        }
        Ok(to < settled)
    }
}

/// Sends notices.
pub struct Notices {
    /// Where they are kept.
    pub store: Store,
    /// How they go.
    pub post: Post,
    /// The address that guardians write to.
    pub mail_to: String,
}

impl Notices {
    /// Hands one notice over; false where none is due.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn send_one(&self) -> Result<bool> {
        let Some(notice) = self.store.claim_notice(LEASE_SECONDS).await? else { return Ok(false) };
        let sent = match self.message(&notice) {
            Some(message) => self.post.send(message).await,
            None => Err(Unsent::ForGood),
        };
        match sent {
            Ok(()) => {
                info!(notice = notice.id, "an owner was told");
                metrics::counter!("relayer_notices_total").increment(1);
                self.store.end_notice(&notice.id).await?;
            }
            Err(Unsent::Perhaps) if notice.attempts < MAX_ATTEMPTS => {
                let pause = 15i64.saturating_mul(1 << notice.attempts.clamp(0, 10));
                let pause = pause.min(LONGEST_PAUSE_SECONDS);
                info!(notice = notice.id, seconds = pause, "not handed over yet");
                self.store.put_off_notice(&notice.id, pause).await?;
            }
            Err(_) => {
                warn!(notice = notice.id, "the mail server does not take a notice; it is given up");
                metrics::counter!("relayer_notices_lost_total").increment(1);
                self.store.end_notice(&notice.id).await?;
            }
        }
        Ok(true)
    }

    fn message(&self, notice: &Notice) -> Option<Message> {
        self.post
            .letter(&notice.address, "auto-generated")?
            .message_id(Some(format!("<{}@{}>", notice.id, self.post.domain())))
            .subject("A recovery of your account has started")
            .body(text(notice, &self.mail_to))
            .ok()
    }
}

/// What a notice says: no link, as nobody should get used to following one.
fn text(notice: &Notice, mail_to: &str) -> String {
    let Started { contract, account, nonce, new_owner, executable_from, expires_at } =
        &notice.started;
    let (errand, chain) = (Errand::Cancel, notice.chain);
    let cancel = Target {
        errand,
        chain,
        contract: *contract,
        account: *account,
        nonce: *nonce,
        new_owner: None,
    };
    let subject = cancel.subject().unwrap_or_default();
    let owner = match new_owner.len() {
        20 => new_owner.to_string(),
        bytes => format!("{bytes} bytes with the keccak256 {}", keccak256(new_owner)),
    };
    format!(
        "Guardians of an account have voted for a new owner. You asked to be told.\n\n\
         Account: {account:#x}\nChain: {chain}\nRecovery contract: {contract:#x}\nNew owner: {owner}\n\n\
         The owner can be replaced from {} on, until {}.\n\n\
         If that is what you want, nothing is left to do.\n\n\
         If it is not, cancel it before:\n\
         - With the key that the account has now, in its wallet: cancel the recovery. At the contract that is cancel(), \
         called by the account.\n\
         - Without it, guardians can: each sends a new mail to {mail_to} with exactly this Subject:\n\n  {subject}\n\n\
         This mail has no link, and nobody will ask you for a key or a password.\n",
        when(*executable_from),
        when(*expires_at),
    )
}

fn when(seconds: u64) -> String {
    // Contracts' times have 40 bits.
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(200_000_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(addresses: &[&str]) -> Wanted {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        Wanted { chain: 1, account: Address::repeat_byte(0xaa), addresses, signed: 1000 }
    }

    #[test]
    fn the_text_names_everything_that_is_agreed_to() {
        let text = wanted(&["ann@example.org", "bob@example.net"]).text("r@relayer.example");
        let account = "aa".repeat(20);
        assert_eq!(
            text,
            format!(
                "zkdkim notices 1\nrelayer r@relayer.example\nchain 1\naccount 0x{account}\n\
                 to ann@example.org\nto bob@example.net\nat 1000"
            )
        );
    }

    #[test]
    fn only_a_few_different_addresses_are_taken() {
        assert!(wanted(&[]).has_addresses());
        assert!(wanted(&["a@b.example", "c@b.example", "d@b.example"]).has_addresses());
        let long = format!("a@{}.example", "b".repeat(250));
        for bad in [
            &["a@b.example", "c@b.example", "d@b.example", "e@b.example"][..],
            &["a@b.example", "a@b.example"],
            &["a"],
            &[""],
            &["a@b.example\nto c@b.example"],
            &["Ann <a@b.example>"],
            &["\u{e9}@b.example"],
            &[&long],
        ] {
            assert!(!wanted(bad).has_addresses(), "{bad:?}");
        }
    }

    #[test]
    fn a_signature_is_of_this_hour() {
        let wanted = wanted(&[]);
        for (now, fresh) in [(1000, true), (4600, true), (4601, false), (700, true), (699, false)] {
            assert_eq!(wanted.is_fresh(now), fresh, "{now}");
        }
        assert!(!Wanted { signed: i64::MAX, ..wanted }.is_fresh(i64::MIN));
    }

    #[test]
    fn a_notice_says_what_happens_until_when_and_how_to_cancel() {
        let started = Started {
            contract: Address::repeat_byte(0xcc),
            account: Address::repeat_byte(0xaa),
            nonce: 7,
            new_owner: Bytes::from(vec![0x11; 20]),
            executable_from: 1_800_000_000,
            expires_at: u64::MAX,
        };
        let notice = |new_owner| Notice {
            id: "n".into(),
            chain: 1,
            started: Started { new_owner, ..started.clone() },
            address: "ann@example.org".into(),
            attempts: 1,
        };
        let said = text(&notice(started.new_owner.clone()), "r@relayer.example");
        let subject = format!("\n  Cancel 0x{} on 1 nonce 7\n", "aa".repeat(20));
        for part in
            [&subject[..], "Fri, 15 Jan 2027 08:00:00 GMT", &"11".repeat(20), "r@relayer.example"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said = text(&notice(vec![0x22; 84].into()), "r@relayer.example");
        assert!(said.contains("84 bytes with the keccak256 0x"), "{said}");
    }
}
