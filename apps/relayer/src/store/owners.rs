//! New owners that are more than an address: a mail has their hash alone, and a contract wants their bytes.

use alloy::primitives::Bytes;
use sqlx::Row;
use zkdkim_relation::owner::Owner;

use super::{row, Store};
use crate::{chain::abi, error::Result};

impl Store {
    /// Keeps an owner's bytes, so that mails that name their hash can be sent on; those of an address need no keeping.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn keep_owner(&self, owner: Owner, bytes: &[u8]) -> Result<()> {
        let Owner::Bytes(hash) = owner else { return Ok(()) };
        sqlx::query(
            "INSERT INTO owners (hash, owner, created) VALUES ($1, $2, (SELECT now FROM clock)) \
             ON CONFLICT (hash) DO UPDATE SET created = excluded.created",
        )
        .bind(hash.0.to_vec())
        .bind(bytes.to_vec())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// An owner as contracts take it; none where nobody said what it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn owner_bytes(&self, owner: Owner) -> Result<Option<Bytes>> {
        let hash = match owner {
            Owner::Key(key) => return Ok(Some(abi::owner(key.0.into()))),
            Owner::Bytes(hash) => hash,
        };
        let found = sqlx::query("SELECT owner FROM owners WHERE hash = $1")
            .bind(hash.0.to_vec())
            .fetch_optional(&self.pool)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let bytes: Vec<u8> = found.try_get("owner")?;
        match Owner::from_bytes(&bytes) {
            Ok(there) if there == owner => Ok(Some(bytes.into())),
            _ => Err(row::odd("owner", &hash.to_string())),
        }
    }
}
