//! Proved jobs to transactions, and transactions to their end.
//!
//! A signed transaction is in the store before any node hears of it, in one commit with the jobs that it carries, and only
//! where all of them still wait. So no job is ever in two transactions that could both succeed; after a crash the same bytes
//! are sent again. A replacement has the same number, so one of the two takes effect at most.

use alloy::primitives::{Address, B256};
use sqlx::{any::AnyRow, Row};

use super::{random_id, row, row::job_columns, Store};
use crate::{
    error::Result,
    job::{Job, Refused, Target},
};

/// A signed transaction, in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its bytes, as a node takes them.
    pub raw: Vec<u8>,
    /// Its hash.
    pub hash: B256,
    /// Highest fee for a unit of gas, in wei.
    pub max_fee: u128,
    /// What the block's maker gets of it, in wei.
    pub tip: u128,
}

/// A transaction as the store has it.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Random, 32 hexadecimal digits.
    pub id: String,
    /// EIP-155 identifier.
    pub chain: u64,
    /// Who pays.
    pub sender: Address,
    /// The sender's number for it.
    pub nonce: u64,
    /// The contract that is called.
    pub to: Address,
    /// Its call.
    pub data: Vec<u8>,
    /// Limit of gas.
    pub gas: u64,
    /// The version that was signed last.
    pub signed: Signed,
    /// The hashes of all versions.
    pub hashes: Vec<B256>,
    /// How long ago the last version was signed, in seconds.
    pub age: i64,
}

impl Store {
    /// Jobs that wait for a transaction on a chain, the oldest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn waiting(&self, chain: u64, limit: i64) -> Result<Vec<Job>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs \
             WHERE state = 'proved' AND chain = $1 AND due <= (SELECT now FROM clock) \
             ORDER BY created, id LIMIT $2"
        ))
        .bind(chain as i64)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(row::job).collect()
    }

    /// The jobs that a transaction carries.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn carried(&self, transaction: &str) -> Result<Vec<Job>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs \
             WHERE state = 'sent' AND tx = $1 ORDER BY created, id"
        ))
        .bind(transaction)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(row::job).collect()
    }

    /// Keeps a signed transaction with the jobs that it carries. False, and nothing is kept, where one of them no longer
    /// waits or the number is taken: then it must not be sent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn keep(&self, new: &Transaction, jobs: &[Job]) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO transactions (id, state, chain, sender, nonce, target, data, gas, raw, max_fee, \
             tip, hashes, signed, created) VALUES ($1, 'open', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
             (SELECT now FROM clock), (SELECT now FROM clock)) ON CONFLICT DO NOTHING",
        )
        .bind(&new.id)
        .bind(new.chain as i64)
        .bind(new.sender.to_vec())
        .bind(new.nonce as i64)
        .bind(new.to.to_vec())
        .bind(new.data.clone())
        .bind(new.gas as i64)
        .bind(new.signed.raw.clone())
        .bind(new.signed.max_fee.to_string())
        .bind(new.signed.tip.to_string())
        .bind(spelt(&new.hashes))
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        for job in jobs {
            let moved = sqlx::query(
                "UPDATE jobs SET state = 'sent', tx = $2, updated = (SELECT now FROM clock) \
                 WHERE id = $1 AND state = 'proved'",
            )
            .bind(&job.id)
            .bind(&new.id)
            .execute(&mut *transaction)
            .await?;
            if moved.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The transactions of a sender that are not at their end, by their numbers.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn open_transactions(&self, chain: u64, sender: Address) -> Result<Vec<Transaction>> {
        let rows = sqlx::query(
            "SELECT id, chain, sender, nonce, target, data, gas, raw, max_fee, tip, hashes, \
             (SELECT now FROM clock) - signed AS age FROM transactions \
             WHERE state = 'open' AND chain = $1 AND sender = $2 ORDER BY nonce",
        )
        .bind(chain as i64)
        .bind(sender.to_vec())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(transaction).collect()
    }

    /// Keeps another version of an open transaction, before it is sent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn keep_version(&self, of: &Transaction, signed: &Signed) -> Result<()> {
        let mut hashes = of.hashes.clone();
        hashes.push(signed.hash);
        sqlx::query(
            "UPDATE transactions SET raw = $2, max_fee = $3, tip = $4, hashes = $5, \
             signed = (SELECT now FROM clock) WHERE id = $1 AND state = 'open'",
        )
        .bind(&of.id)
        .bind(signed.raw.clone())
        .bind(signed.max_fee.to_string())
        .bind(signed.tip.to_string())
        .bind(spelt(&hashes))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A transaction succeeded, under enough blocks: the jobs whose effect it had are final and their mails erased, others
    /// wait again. `executable_from` is that of the recovery that it started, if any; `then` is what has to be done later.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn finish(
        &self,
        ended: &Transaction,
        done: &[&Job],
        executable_from: Option<i64>,
        then: Option<&Target>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        end(&mut transaction, &ended.id, "final").await?;
        for job in done {
            sqlx::query(
                "UPDATE jobs SET state = 'final', executable_from = $3, mail = NULL, inputs = NULL, \
                 proof = NULL, updated = (SELECT now FROM clock) \
                 WHERE id = $1 AND state = 'sent' AND tx = $2",
            )
            .bind(&job.id)
            .bind(&ended.id)
            .bind(executable_from)
            .execute(&mut *transaction)
            .await?;
        }
        wait_again(&mut transaction, &ended.id).await?;
        if let Some(then) = then {
            insert_errand(&mut transaction, then).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// A transaction failed, or its number was used by another one: its jobs wait again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn undo(&self, failed: &Transaction) -> Result<()> {
        let mut transaction = self.begin().await?;
        end(&mut transaction, &failed.id, "failed").await?;
        wait_again(&mut transaction, &failed.id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The effect of a waiting job is on the chain already, by whomever. `executable_from` and `then` as in [`Self::finish`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn found_done(
        &self,
        job: &Job,
        executable_from: Option<i64>,
        then: Option<&Target>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE jobs SET state = 'final', executable_from = $2, mail = NULL, inputs = NULL, \
             proof = NULL, updated = (SELECT now FROM clock) WHERE id = $1 AND state = 'proved'",
        )
        .bind(&job.id)
        .bind(executable_from)
        .execute(&mut *transaction)
        .await?;
        if let Some(then) = then {
            insert_errand(&mut transaction, then).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a waiting job without an effect.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn refuse_waiting(&self, job: &Job, refused: &Refused) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'refused', reason = $2, detail = $3, hint = $4, mail = NULL, \
             inputs = NULL, proof = NULL, updated = (SELECT now FROM clock) \
             WHERE id = $1 AND state = 'proved'",
        )
        .bind(&job.id)
        .bind(&refused.reason)
        .bind(&refused.detail)
        .bind(&refused.hint)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Looks at a waiting job again in so many seconds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn wait_longer(&self, job: &Job, seconds: i64) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET attempts = attempts + 1, due = (SELECT now FROM clock) + $2 \
             WHERE id = $1 AND state = 'proved'",
        )
        .bind(&job.id)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes one transaction out of an account's budget of today; false where it is spent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn spend(&self, chain: u64, account: Address, limit: i64) -> Result<bool> {
        let spent = sqlx::query(
            "INSERT INTO budgets (chain, account, day, transactions) \
             VALUES ($1, $2, (SELECT now FROM clock) / 86400, 1) \
             ON CONFLICT (chain, account, day) DO UPDATE SET transactions = budgets.transactions + 1 \
             WHERE budgets.transactions < $3",
        )
        .bind(chain as i64)
        .bind(account.to_vec())
        .bind(limit)
        .execute(&self.pool)
        .await?;
        Ok(spent.rows_affected() == 1)
    }

    /// Takes or keeps a lease that is no job's, for so many seconds. False where another has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn hold(&self, name: &str, holder: &str, seconds: i64) -> Result<bool> {
        let taken = sqlx::query(
            "INSERT INTO leases (name, holder, until) VALUES ($1, $2, (SELECT now FROM clock) + $3) \
             ON CONFLICT (name) DO UPDATE SET holder = $2, until = (SELECT now FROM clock) + $3 \
             WHERE leases.holder = $2 OR leases.until <= (SELECT now FROM clock)",
        )
        .bind(name)
        .bind(holder)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Gives such a lease back.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn let_go(&self, name: &str, holder: &str) -> Result<()> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn end(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    id: &str,
    state: &str,
) -> Result<()> {
    sqlx::query("UPDATE transactions SET state = $2 WHERE id = $1 AND state = 'open'")
        .bind(id)
        .bind(state)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// What an ended transaction carried and did not do.
async fn wait_again(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    id: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE jobs SET state = 'proved', tx = NULL, attempts = attempts + 1, \
         updated = (SELECT now FROM clock) WHERE state = 'sent' AND tx = $1",
    )
    .bind(id)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn insert_errand(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    target: &Target,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO jobs (id, state, door, errand, chain, contract, account, nonce, new_key, due, \
         created, updated) VALUES ($1, 'proved', 'relayer', $2, $3, $4, $5, $6, $7, \
         (SELECT now FROM clock), (SELECT now FROM clock), (SELECT now FROM clock)) \
         ON CONFLICT DO NOTHING",
    )
    .bind(random_id())
    .bind(target.errand.name())
    .bind(target.chain as i64)
    .bind(target.contract.to_vec())
    .bind(target.account.to_vec())
    .bind(target.nonce as i64)
    .bind(row::owner_column(target.new_owner))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn transaction(found: &AnyRow) -> Result<Transaction> {
    let id: String = found.try_get("id")?;
    let number = |name| -> Result<u128> {
        found.try_get::<String, _>(name)?.parse().map_err(|_| row::odd(name, &id))
    };
    let hashes: String = found.try_get("hashes")?;
    let hashes = hashes.split(' ').map(str::parse).collect::<Result<Vec<B256>, _>>();
    let hashes = hashes.map_err(|_| row::odd("hashes", &id))?;
    let hash = hashes.last().copied().ok_or_else(|| row::odd("hashes", &id))?;
    Ok(Transaction {
        chain: found.try_get::<i64, _>("chain")? as u64,
        sender: row::address(found, "sender", &id)?,
        nonce: found.try_get::<i64, _>("nonce")? as u64,
        to: row::address(found, "target", &id)?,
        data: found.try_get("data")?,
        gas: found.try_get::<i64, _>("gas")? as u64,
        signed: Signed {
            raw: found.try_get("raw")?,
            hash,
            max_fee: number("max_fee")?,
            tip: number("tip")?,
        },
        hashes,
        age: found.try_get("age")?,
        id,
    })
}

fn spelt(hashes: &[B256]) -> String {
    hashes.iter().map(B256::to_string).collect::<Vec<_>>().join(" ")
}
