//! One-time keys that salt nodes seal their answers to, and the consent of new keys to them.

use sqlx::Row;
use zeroize::Zeroizing;
use zkdkim_salt::{NetworkId, OpeningKey, SealingKey};

use super::{row, Store};
use crate::error::Result;

/// A job's one-time key.
pub struct Opening {
    /// The key itself: as secret as the salt that it opens.
    pub key: Zeroizing<[u8; 32]>,
    /// Seconds since 1970 after which a consent to it is void.
    pub until: u64,
    /// The signature of the new key, once it is there.
    pub consent: Option<Vec<u8>>,
}

/// What a new key is asked to sign.
pub struct Wanted {
    /// The job.
    pub job: String,
    /// The salt nodes' network.
    pub network: String,
    /// SHA-256 of the mail's signed header block.
    pub header_digest: [u8; 32],
    /// The one-time key.
    pub key: Zeroizing<[u8; 32]>,
    /// Seconds since 1970 after which the consent is void.
    pub until: u64,
}

impl Wanted {
    /// The network, and the key that answers are to be sealed to; none where the store holds no such things.
    pub fn recipient(&self) -> Option<(NetworkId, SealingKey)> {
        let network = NetworkId::parse(&self.network).ok()?;
        let key = OpeningKey::from_bytes(&self.key).ok()?;
        Some((network, key.sealing_key()))
    }
}

impl Store {
    /// A job's one-time key; none where it was not offered one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn opening(&self, job: &str) -> Result<Option<Opening>> {
        let found = sqlx::query(
            "SELECT opening_key, consent_until, consent FROM jobs \
             WHERE id = $1 AND opening_key IS NOT NULL",
        )
        .bind(job)
        .fetch_optional(&self.pool)
        .await?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(Opening {
            key: key(&found, job)?,
            until: found.try_get::<i64, _>("consent_until")? as u64,
            consent: found.try_get("consent")?,
        }))
    }

    /// Offers a job a one-time key; one that it has stays.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn offer(&self, job: &str, key: &[u8; 32], until: u64, network: &str) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET opening_key = $2, consent_until = $3, salt_network = $4 \
             WHERE id = $1 AND opening_key IS NULL",
        )
        .bind(job)
        .bind(key.to_vec())
        .bind(until as i64)
        .bind(network)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What has to be signed for a job; none where nothing is waited for.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn wanted(&self, job: &str) -> Result<Option<Wanted>> {
        let found = sqlx::query(
            "SELECT salt_network, header_digest, opening_key, consent_until FROM jobs \
             WHERE id = $1 AND state = 'salt' AND opening_key IS NOT NULL AND consent IS NULL",
        )
        .bind(job)
        .fetch_optional(&self.pool)
        .await?;
        let Some(found) = found else { return Ok(None) };
        let digest: Vec<u8> = found.try_get("header_digest")?;
        Ok(Some(Wanted {
            job: job.to_owned(),
            network: found.try_get("salt_network")?,
            header_digest: digest.try_into().map_err(|_| row::odd("header digest", job))?,
            key: key(&found, job)?,
            until: found.try_get::<i64, _>("consent_until")? as u64,
        }))
    }

    /// A new key consented; its job goes on at once. False where nothing was waited for.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn consent(&self, job: &str, signature: &[u8]) -> Result<bool> {
        let stored = sqlx::query(
            "UPDATE jobs SET consent = $2, due = (SELECT now FROM clock) \
             WHERE id = $1 AND state = 'salt' AND opening_key IS NOT NULL AND consent IS NULL",
        )
        .bind(job)
        .bind(signature.to_vec())
        .execute(&self.pool)
        .await?;
        Ok(stored.rows_affected() == 1)
    }
}

fn key(found: &sqlx::any::AnyRow, job: &str) -> Result<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(found.try_get::<Vec<u8>, _>("opening_key")?);
    let bytes: [u8; 32] = bytes[..].try_into().map_err(|_| row::odd("one-time key", job))?;
    Ok(Zeroizing::new(bytes))
}
