//! Whom accounts want to be told when a recovery starts, and what is still to be told.

use alloy::primitives::Address;
use sqlx::{any::AnyRow, Row};

use super::{random_id, row, Dialect, Store};
use crate::{chain::Started, error::Result};

/// One mail that is to be handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Random, 32 hexadecimal digits; the same whenever it is tried again.
    pub id: String,
    /// EIP-155 identifier.
    pub chain: u64,
    /// What has started.
    pub started: Started,
    /// To whom.
    pub address: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

/// Shows no address.
impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notice({})", self.id)
    }
}

impl Store {
    /// Keeps whom an account wants to be told, in place of whom it named before; nobody where there is no address. What waits
    /// for those it no longer names is dropped. False, and nothing changes, where it has signed something as late as `signed`
    /// before.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn watch(
        &self,
        chain: u64,
        account: Address,
        addresses: &[String],
        signed: i64,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let kept = sqlx::query(
            "INSERT INTO watched (chain, account, addresses, signed) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (chain, account) DO UPDATE SET addresses = $3, signed = $4 \
             WHERE watched.signed < $4",
        )
        .bind(chain as i64)
        .bind(account.to_vec())
        .bind(addresses.join("\n"))
        .bind(signed)
        .execute(&mut *transaction)
        .await?;
        if kept.rows_affected() != 1 {
            return Ok(false);
        }
        let waiting =
            sqlx::query("SELECT id, address FROM notices WHERE chain = $1 AND account = $2")
                .bind(chain as i64)
                .bind(account.to_vec())
                .fetch_all(&mut *transaction)
                .await?;
        for row in waiting {
            if !addresses.contains(&row.try_get("address")?) {
                let id: String = row.try_get("id")?;
                sqlx::query("DELETE FROM notices WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Up to which block a chain was looked at; none where it was not.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn looked(&self, chain: u64) -> Result<Option<u64>> {
        let found = sqlx::query("SELECT block FROM looked WHERE chain = $1")
            .bind(chain as i64)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|row| row.try_get::<i64, _>("block")).transpose()?.map(|block| block as u64))
    }

    /// A chain was looked at up to a block, and this has started since. Whom accounts named is told of each once; how many
    /// notices that makes.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`]: then nothing is kept, and the same blocks are to be looked at again.
    pub async fn saw(&self, chain: u64, block: u64, started: &[Started]) -> Result<usize> {
        let mut transaction = self.begin().await?;
        let mut notices = 0;
        for started in started {
            let watched = sqlx::query(
                "SELECT addresses FROM watched WHERE chain = $1 AND account = $2 AND addresses <> ''",
            )
            .bind(chain as i64)
            .bind(started.account.to_vec())
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(watched) = watched else { continue };
            let first = sqlx::query(
                "INSERT INTO recoveries (chain, contract, account, nonce, created) \
                 VALUES ($1, $2, $3, $4, (SELECT now FROM clock)) ON CONFLICT DO NOTHING",
            )
            .bind(chain as i64)
            .bind(started.contract.to_vec())
            .bind(started.account.to_vec())
            .bind(started.nonce as i64)
            .execute(&mut *transaction)
            .await?;
            if first.rows_affected() != 1 {
                continue;
            }
            for address in watched.try_get::<String, _>("addresses")?.lines() {
                insert(&mut transaction, chain, started, address).await?;
                notices += 1;
            }
        }
        sqlx::query(
            "INSERT INTO looked (chain, block) VALUES ($1, $2) \
             ON CONFLICT (chain) DO UPDATE SET block = $2 WHERE looked.block < $2",
        )
        .bind(chain as i64)
        .bind(block as i64)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(notices)
    }

    /// Takes a notice that is due, for so many seconds. None where there is none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn claim_notice(&self, seconds: i64) -> Result<Option<Notice>> {
        let statement = match self.dialect {
            Dialect::Sqlite => CLAIM_SQLITE,
            Dialect::Postgres => CLAIM_POSTGRES,
        };
        let found = sqlx::query(statement).bind(seconds).fetch_optional(&self.pool).await?;
        found.map(|found| notice(&found)).transpose()
    }

    /// A notice was handed over, or never will be: it is forgotten, with its address.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn end_notice(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM notices WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// A notice is tried again in so many seconds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn put_off_notice(&self, id: &str, seconds: i64) -> Result<()> {
        sqlx::query(
            "UPDATE notices SET lease_until = 0, due = (SELECT now FROM clock) + $2 WHERE id = $1",
        )
        .bind(id)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

async fn insert(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    chain: u64,
    started: &Started,
    address: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO notices (id, chain, contract, account, nonce, new_owner, executable_from, expires_at, \
         address, due) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, (SELECT now FROM clock))",
    )
    .bind(random_id())
    .bind(chain as i64)
    .bind(started.contract.to_vec())
    .bind(started.account.to_vec())
    .bind(started.nonce as i64)
    .bind(started.new_owner.to_vec())
    .bind(started.executable_from as i64)
    .bind(started.expires_at as i64)
    .bind(address)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn notice(found: &AnyRow) -> Result<Notice> {
    let id: String = found.try_get("id")?;
    let number = |name| found.try_get::<i64, _>(name).map(|number| number as u64);
    Ok(Notice {
        chain: number("chain")?,
        started: Started {
            contract: row::address(found, "contract", &id)?,
            account: row::address(found, "account", &id)?,
            nonce: number("nonce")?,
            new_owner: found.try_get::<Vec<u8>, _>("new_owner")?.into(),
            executable_from: number("executable_from")?,
            expires_at: number("expires_at")?,
        },
        address: found.try_get("address")?,
        attempts: found.try_get("attempts")?,
        id,
    })
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE notices SET lease_until = (SELECT now FROM clock) + $1, attempts = attempts + 1 \
             WHERE id = (SELECT id FROM notices WHERE due <= (SELECT now FROM clock) \
             AND lease_until <= (SELECT now FROM clock) ORDER BY due, id LIMIT 1 ",
            $lock,
            ") RETURNING id, chain, contract, account, nonce, new_owner, executable_from, expires_at, \
             address, attempts"
        )
    };
}
const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!("FOR UPDATE SKIP LOCKED");
