//! Jobs from their arrival to a proof, or to a refusal.

use sha2::{Digest, Sha256};
use sqlx::Row;
use zeroize::Zeroizing;

use super::{random_id, row, row::job_columns, Store};
use crate::{
    error::{Error, Result},
    job::{Job, Proven, Refused, State, Target},
};

/// What came in.
#[derive(Debug)]
pub enum Arrival<'a> {
    /// A mail, to be checked and proved.
    Mail(&'a [u8]),
    /// A proof that somebody made elsewhere.
    Proof(&'a Target, &'a Proven),
    /// Something that needs no mail.
    Errand(&'a Target),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The job.
    pub job: String,
    /// Whether it is a new one; the same mail twice is one job.
    pub new: bool,
}

/// What is known of a mail that every rule holds for.
#[derive(Clone, Debug)]
pub struct Checked<'a> {
    /// What it asks for.
    pub target: &'a Target,
    /// SHA-256 of the signed header block.
    pub header_digest: [u8; 32],
    /// To whom an answer goes; none where there shall be none.
    pub reply: Option<String>,
}

/// Who is told what became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// To whom an answer goes, and what it refers to.
    pub envelope: String,
    /// SHA-256 of the signed header block, which is answered once.
    pub header_digest: [u8; 32],
}

/// The right to work on a job for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: String,
    /// Of this one claim: a worker that claims the same job again has another.
    pub token: String,
}

impl Store {
    /// Takes something in; it is committed when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]: then it was not taken in.
    pub async fn receive(&self, arrival: Arrival<'_>, door: &str) -> Result<Received> {
        let id = random_id();
        let (mail, state, target, proven) = match arrival {
            Arrival::Mail(mail) => (Some(mail), State::Received, None, None),
            Arrival::Proof(target, proven) => (None, State::Proved, Some(target), Some(proven)),
            Arrival::Errand(target) => (None, State::Proved, Some(target), None),
        };
        let digest = match (mail, proven) {
            (Some(mail), _) => Some(Sha256::digest(mail).to_vec()),
            // A nullifier stands for its header block.
            (None, Some(proven)) => {
                Some(Sha256::digest(proven.nullifier().to_be_bytes::<32>()).to_vec())
            }
            (None, None) => None,
        };
        let inserted = sqlx::query(
            "INSERT INTO jobs (id, state, door, mail, mail_digest, errand, chain, contract, account, \
             nonce, new_key, inputs, proof, due, created, updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
             (SELECT now FROM clock), (SELECT now FROM clock), (SELECT now FROM clock)) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(state.name())
        .bind(door)
        .bind(mail.map(<[u8]>::to_vec))
        .bind(digest.clone())
        .bind(target.map(|t| t.errand.name()))
        .bind(target.map(|t| t.chain as i64))
        .bind(target.map(|t| t.contract.to_vec()))
        .bind(target.map(|t| t.account.to_vec()))
        .bind(target.map(|t| t.nonce as i64))
        .bind(target.map(|t| row::owner_column(t.new_owner)))
        .bind(proven.map(row::inputs))
        .bind(proven.map(|p| p.proof.clone()))
        .execute(&self.pool)
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(Received { job: id, new: true });
        }
        let job = self.same(digest, target).await?;
        Ok(Received { job, new: false })
    }

    /// The job that stands in the way of a new one.
    async fn same(&self, digest: Option<Vec<u8>>, target: Option<&Target>) -> Result<String> {
        let found = match (digest, target) {
            (Some(digest), _) => {
                sqlx::query("SELECT id FROM jobs WHERE mail_digest = $1 AND state <> 'refused'")
                    .bind(digest)
                    .fetch_optional(&self.pool)
                    .await?
            }
            (None, Some(target)) => {
                sqlx::query(
                    "SELECT id FROM jobs WHERE chain = $1 AND contract = $2 AND account = $3 \
                     AND errand = $4 AND nonce = $5 AND state <> 'refused' AND state <> 'final'",
                )
                .bind(target.chain as i64)
                .bind(target.contract.to_vec())
                .bind(target.account.to_vec())
                .bind(target.errand.name())
                .bind(target.nonce as i64)
                .fetch_optional(&self.pool)
                .await?
            }
            (None, None) => None,
        };
        let Some(found) = found else {
            // It was refused or finished in this moment; whoever sends again is taken in.
            return Err(Error::Stored { detail: "a job ended while it was looked for".into() });
        };
        Ok(found.try_get("id")?)
    }

    /// Takes a job that waits to be checked or proved, for so many seconds. None where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn claim(&self, seconds: i64) -> Result<Option<(Lease, Job)>> {
        let token = random_id();
        // Postgres lets two workers look at one row; the one that waits must not come back with nothing.
        let statement = match self.dialect {
            super::Dialect::Sqlite => CLAIM_SQLITE,
            super::Dialect::Postgres => CLAIM_POSTGRES,
        };
        let claimed =
            sqlx::query(statement).bind(&token).bind(seconds).fetch_optional(&self.pool).await?;
        claimed
            .map(|found| {
                let job = row::job(&found)?;
                Ok((Lease { job: job.id.clone(), token }, job))
            })
            .transpose()
    }

    /// Keeps a lease for so many seconds more.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] where another worker has it.
    pub async fn renew(&self, lease: &Lease, seconds: i64) -> Result<()> {
        let renewed = sqlx::query(
            "UPDATE jobs SET lease_until = (SELECT now FROM clock) + $3 WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        held(renewed.rows_affected(), lease)
    }

    /// The mail of a job; none once it was erased.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn mail(&self, job: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let found = sqlx::query("SELECT mail FROM jobs WHERE id = $1")
            .bind(job)
            .fetch_optional(&self.pool)
            .await?;
        let mail = found.map(|row| row.try_get::<Option<Vec<u8>>, _>("mail")).transpose()?;
        Ok(mail.flatten().map(Zeroizing::new))
    }

    /// A step that leaves nothing behind but its name.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`], [`Error::Database`].
    pub async fn step(&self, lease: &Lease, state: State) -> Result<()> {
        let stepped = sqlx::query(
            "UPDATE jobs SET state = $3, updated = (SELECT now FROM clock) \
             WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(state.name())
        .execute(&self.pool)
        .await?;
        held(stepped.rows_affected(), lease)
    }

    /// A mail passed every rule. False where the same signed header is another job already.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`], [`Error::Database`].
    pub async fn checked(&self, lease: &Lease, checked: &Checked<'_>) -> Result<bool> {
        let target = checked.target;
        let stored = sqlx::query(
            "UPDATE jobs SET state = 'checked', errand = $3, chain = $4, contract = $5, account = $6, \
             nonce = $7, new_key = $8, header_digest = $9, reply = $10, attempts = 0, \
             updated = (SELECT now FROM clock) WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(target.errand.name())
        .bind(target.chain as i64)
        .bind(target.contract.to_vec())
        .bind(target.account.to_vec())
        .bind(target.nonce as i64)
        .bind(row::owner_column(target.new_owner))
        .bind(checked.header_digest.to_vec())
        .bind(checked.reply.clone())
        .execute(&self.pool)
        .await;
        match stored {
            Ok(stored) => held(stored.rows_affected(), lease).map(|()| true),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A proof is there; the lease ends.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`], [`Error::Database`].
    pub async fn proved(&self, lease: &Lease, proven: &Proven) -> Result<()> {
        let stored = sqlx::query(
            "UPDATE jobs SET state = 'proved', inputs = $3, proof = $4, attempts = 0, lease = NULL, \
             lease_until = 0, opening_key = NULL, consent = NULL, due = (SELECT now FROM clock), \
             updated = (SELECT now FROM clock) WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(row::inputs(proven))
        .bind(proven.proof.clone())
        .execute(&self.pool)
        .await?;
        held(stored.rows_affected(), lease)
    }

    /// Ends a job that is being worked on; its mail is erased.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`], [`Error::Database`].
    pub async fn refuse(
        &self,
        lease: &Lease,
        refused: &Refused,
        sender: Option<&Sender>,
    ) -> Result<()> {
        let stored = sqlx::query(
            "UPDATE jobs SET state = 'refused', reason = $3, detail = $4, hint = $5, \
             reply = COALESCE(reply, $6), header_digest = COALESCE(header_digest, $7), mail = NULL, \
             opening_key = NULL, consent = NULL, inputs = NULL, proof = NULL, lease = NULL, lease_until = 0, \
             updated = (SELECT now FROM clock) WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(&refused.reason)
        .bind(&refused.detail)
        .bind(&refused.hint)
        .bind(sender.map(|sender| sender.envelope.clone()))
        .bind(sender.map(|sender| sender.header_digest.to_vec()))
        .execute(&self.pool)
        .await?;
        held(stored.rows_affected(), lease)
    }

    /// Gives a job back, to be taken again in so many seconds. What was given back does not count as an attempt.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`], [`Error::Database`].
    pub async fn put_off(&self, lease: &Lease, seconds: i64) -> Result<()> {
        let stored = sqlx::query(
            "UPDATE jobs SET lease = NULL, lease_until = 0, attempts = attempts - 1, \
             due = (SELECT now FROM clock) + $3 WHERE id = $1 AND lease = $2",
        )
        .bind(&lease.job)
        .bind(&lease.token)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        held(stored.rows_affected(), lease)
    }

    /// A job by its id.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn job(&self, id: &str) -> Result<Option<Job>> {
        let found = sqlx::query(SELECT_JOB).bind(id).fetch_optional(&self.pool).await?;
        found.map(|found| row::job(&found)).transpose()
    }

    /// How many jobs are in each state that has some.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn counts(&self) -> Result<Vec<(State, i64)>> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state")
            .fetch_all(&self.pool)
            .await?;
        let count = |row: &sqlx::any::AnyRow| {
            let state: String = row.try_get("state")?;
            let state = state.parse().map_err(|()| row::odd("state", "a job"))?;
            Ok((state, row.try_get("jobs")?))
        };
        rows.iter().map(count).collect()
    }

    /// How many jobs are not over.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn on_their_way(&self) -> Result<i64> {
        let found = sqlx::query(
            "SELECT COUNT(*) AS jobs FROM jobs \
             WHERE state IN ('received', 'checked', 'salt', 'proving', 'proved', 'sent')",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(found.try_get("jobs")?)
    }

    /// Takes the right to answer a mail that is over: to whom, and what job it was. Nobody gets it twice, nor for another job
    /// of the same signed header, so a mail is answered once at most; where the process dies after this, it is not.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn claim_answer(&self) -> Result<Option<(String, Job)>> {
        let statement = match self.dialect {
            super::Dialect::Sqlite => ANSWER_SQLITE,
            super::Dialect::Postgres => ANSWER_POSTGRES,
        };
        loop {
            let mut transaction = self.begin().await?;
            let found = sqlx::query(statement).fetch_optional(&mut *transaction).await?;
            let Some(found) = found else { return Ok(None) };
            let job = row::job(&found)?;
            let reply: String = found.try_get("reply")?;
            let first = sqlx::query(
                "INSERT INTO answers (header_digest, created) \
                 SELECT header_digest, (SELECT now FROM clock) FROM jobs \
                 WHERE id = $1 AND header_digest IS NOT NULL ON CONFLICT DO NOTHING",
            )
            .bind(&job.id)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("UPDATE jobs SET reply = NULL WHERE id = $1")
                .bind(&job.id)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            if first.rows_affected() == 1 {
                return Ok(Some((reply, job)));
            }
        }
    }

    /// Forgets jobs that have been over for so many seconds, with their tickets.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn forget(&self, seconds: i64) -> Result<u64> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM tickets WHERE created < (SELECT now FROM clock) - $1")
            .bind(seconds)
            .execute(&mut *transaction)
            .await?;
        let gone = sqlx::query(
            "DELETE FROM jobs WHERE (state = 'refused' OR state = 'final') \
             AND updated < (SELECT now FROM clock) - $1",
        )
        .bind(seconds)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM owners WHERE created < (SELECT now FROM clock) - $1 AND NOT EXISTS ( \
             SELECT 1 FROM jobs WHERE jobs.new_key = owners.hash)",
        )
        .bind(seconds)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM hooks WHERE operator = 0 AND created < (SELECT now FROM clock) - $1",
        )
        .bind(seconds)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM recoveries WHERE created < (SELECT now FROM clock) - $1")
            .bind(seconds)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM answers WHERE created < (SELECT now FROM clock) - $1")
            .bind(seconds)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "DELETE FROM transactions WHERE state <> 'open' \
             AND created < (SELECT now FROM clock) - $1",
        )
        .bind(seconds)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}

fn held(rows: u64, lease: &Lease) -> Result<()> {
    match rows {
        1 => Ok(()),
        _ => Err(Error::LeaseLost { job: lease.job.clone() }),
    }
}

const SELECT_JOB: &str = concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1");

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET lease = $1, lease_until = (SELECT now FROM clock) + $2, \
             attempts = attempts + 1 WHERE id = ( \
             SELECT id FROM jobs WHERE state IN ('received', 'checked', 'salt', 'proving') \
             AND due <= (SELECT now FROM clock) AND lease_until <= (SELECT now FROM clock) \
             ORDER BY created, id LIMIT 1 ",
            $lock,
            ") RETURNING ",
            job_columns!()
        )
    };
}
const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!("FOR UPDATE SKIP LOCKED");

macro_rules! answer {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET answered = 1 WHERE id = ( \
             SELECT id FROM jobs WHERE answered = 0 AND reply IS NOT NULL \
             AND (state = 'final' OR state = 'refused') ORDER BY updated, id LIMIT 1 ",
            $lock,
            ") RETURNING reply, ",
            job_columns!()
        )
    };
}
const ANSWER_SQLITE: &str = answer!("");
const ANSWER_POSTGRES: &str = answer!("FOR UPDATE SKIP LOCKED");
