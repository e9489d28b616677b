//! Who may read what became of a mail: whoever knows a random id. The store has its digest alone, so whoever reads the store
//! can't ask for it.

use alloy::primitives::Address;
use sha2::{Digest, Sha256};
use sqlx::Row;
use zkdkim_relation::owner::Owner;

use super::{random_id, row, row::job_columns, Store};
use crate::{
    error::Result,
    job::{Errand, Job},
};

/// What a wallet asked for: every mail that says so is shown to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The account.
    pub account: Address,
    /// What mails shall do.
    pub errand: Errand,
    /// Whom they vote for; nobody where they don't.
    pub new_owner: Option<Owner>,
}

/// What an id gives access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// One job.
    Job(String),
    /// All jobs of a wish.
    Wish(Wish),
}

impl Store {
    /// Makes an id, 32 hexadecimal digits, that gives access.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn issue(&self, ticket: &Ticket) -> Result<String> {
        let id = random_id();
        let (job, wish) = match ticket {
            Ticket::Job(job) => (Some(job.clone()), None),
            Ticket::Wish(wish) => (None, Some(wish)),
        };
        sqlx::query(
            "INSERT INTO tickets (digest, job, chain, account, errand, new_key, created) \
             VALUES ($1, $2, $3, $4, $5, $6, (SELECT now FROM clock))",
        )
        .bind(Sha256::digest(&id).to_vec())
        .bind(job)
        .bind(wish.map(|wish| wish.chain as i64))
        .bind(wish.map(|wish| wish.account.to_vec()))
        .bind(wish.map(|wish| wish.errand.name()))
        .bind(wish.map(|wish| row::owner_column(wish.new_owner)))
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    /// What an id gives access to; none where nobody was given it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn ticket(&self, id: &str) -> Result<Option<Ticket>> {
        let found = sqlx::query(
            "SELECT job, chain, account, errand, new_key FROM tickets WHERE digest = $1",
        )
        .bind(Sha256::digest(id).to_vec())
        .fetch_optional(&self.pool)
        .await?;
        let Some(found) = found else { return Ok(None) };
        if let Some(job) = found.try_get::<Option<String>, _>("job")? {
            return Ok(Some(Ticket::Job(job)));
        }
        let errand: String = found.try_get("errand")?;
        Ok(Some(Ticket::Wish(Wish {
            chain: found.try_get::<i64, _>("chain")? as u64,
            account: row::address(&found, "account", "a ticket")?,
            errand: errand.parse().map_err(|()| row::odd("errand", "a ticket"))?,
            new_owner: row::owner(&found, "a ticket")?,
        })))
    }

    /// The jobs of a wish, and those that serve it: the round that is opened, the execution.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn jobs_of(&self, wish: &Wish) -> Result<Vec<Job>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs \
             WHERE chain = $1 AND account = $2 AND ((errand = $3 AND new_key = $4) \
             OR errand = 'open-round' OR (errand = 'execute' AND new_key = $4)) \
             ORDER BY created DESC, id LIMIT 50"
        ))
        .bind(wish.chain as i64)
        .bind(wish.account.to_vec())
        .bind(wish.errand.name())
        .bind(row::owner_column(wish.new_owner))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(row::job).collect()
    }
}
