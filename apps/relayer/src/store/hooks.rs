//! Who is called when a job moves, and calls that were not taken yet.

use sqlx::Row;
use zeroize::Zeroizing;

use super::{random_id, row, Dialect, Store, Wish};
use crate::{error::Result, job::State};

/// Most hooks for one account of a chain: whoever asks in the name of others can't have one URL called any number of times.
pub const MAX_HOOKS: i64 = 8;

/// Who is called.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// What the calls name: it says nothing about the request to others.
    pub id: String,
    /// Where.
    pub url: String,
    /// What the calls are signed with.
    pub secret: Zeroizing<Vec<u8>>,
}

/// One call.
#[derive(Clone)]
pub struct Call {
    /// The same whenever it is tried again.
    pub id: String,
    /// Who is called.
    pub hook: Hook,
    /// Whether the hook is the operator's.
    pub operator: bool,
    /// The job that moved.
    pub job: String,
    /// Where to.
    pub state: State,
    /// When, in seconds since 1970.
    pub created: i64,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

impl Store {
    /// Calls a wallet for what it asked for. False where the account has as many hooks as are allowed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn hook(&self, hook: &Hook, wish: &Wish) -> Result<bool> {
        let kept = sqlx::query(
            "INSERT INTO hooks (id, operator, url, secret, chain, account, errand, new_key, created) \
             SELECT $1, 0, $2, $3, $4, $5, $6, $7, (SELECT now FROM clock) \
             WHERE (SELECT COUNT(*) FROM hooks WHERE chain = $4 AND account = $5) < $8",
        )
        .bind(&hook.id)
        .bind(&hook.url)
        .bind(hook.secret.to_vec())
        .bind(wish.chain as i64)
        .bind(wish.account.to_vec())
        .bind(wish.errand.name())
        .bind(row::owner_column(wish.new_owner))
        .bind(MAX_HOOKS)
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// The operator's hooks, in place of those before.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn hook_operator(&self, hooks: &[Hook]) -> Result<()> {
        let mut transaction = self.begin().await?;
        let there = sqlx::query("SELECT id FROM hooks WHERE operator = 1")
            .fetch_all(&mut *transaction)
            .await?;
        for row in there {
            let id: String = row.try_get("id")?;
            if hooks.iter().all(|hook| hook.id != id) {
                sqlx::query("DELETE FROM hooks WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        for hook in hooks {
            sqlx::query(
                "INSERT INTO hooks (id, operator, url, secret, created) \
                 VALUES ($1, 1, $2, $3, (SELECT now FROM clock)) \
                 ON CONFLICT (id) DO UPDATE SET url = excluded.url, secret = excluded.secret",
            )
            .bind(&hook.id)
            .bind(&hook.url)
            .bind(hook.secret.to_vec())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Takes a call that is due, for so many seconds. None where there is none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn claim_call(&self, seconds: i64) -> Result<Option<Call>> {
        let statement = match self.dialect {
            Dialect::Sqlite => CLAIM_SQLITE,
            Dialect::Postgres => CLAIM_POSTGRES,
        };
        loop {
            let Some(call) =
                sqlx::query(statement).bind(seconds).fetch_optional(&self.pool).await?
            else {
                return Ok(None);
            };
            let (id, of): (String, String) = (call.try_get("id")?, call.try_get("hook")?);
            let hook = sqlx::query("SELECT operator, url, secret FROM hooks WHERE id = $1")
                .bind(&of)
                .fetch_optional(&self.pool)
                .await?;
            let Some(hook) = hook else {
                // Nobody wants to be called any more.
                self.end_call(&id).await?;
                continue;
            };
            let state: String = call.try_get("state")?;
            let secret = Zeroizing::new(hook.try_get("secret")?);
            return Ok(Some(Call {
                operator: hook.try_get::<i64, _>("operator")? == 1,
                hook: Hook { id: of, url: hook.try_get("url")?, secret },
                job: call.try_get("job")?,
                state: state.parse().map_err(|()| row::odd("state", &id))?,
                created: call.try_get("created")?,
                attempts: call.try_get("attempts")?,
                id,
            }));
        }
    }

    /// A call was taken, or is given up.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn end_call(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM calls WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// A call is tried again in so many seconds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn put_off_call(&self, id: &str, seconds: i64) -> Result<()> {
        sqlx::query(
            "UPDATE calls SET lease_until = 0, due = (SELECT now FROM clock) + $2 WHERE id = $1",
        )
        .bind(id)
        .bind(seconds)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nobody is called there any more.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn unhook(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM hooks WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE calls SET lease_until = (SELECT now FROM clock) + $1, attempts = attempts + 1 \
             WHERE id = (SELECT id FROM calls WHERE due <= (SELECT now FROM clock) \
             AND lease_until <= (SELECT now FROM clock) ORDER BY due, created, id LIMIT 1 ",
            $lock,
            ") RETURNING id, hook, job, state, created, attempts"
        )
    };
}
const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!("FOR UPDATE SKIP LOCKED");

/// What makes a call of every step of a job, for the operator and for the wallets that asked for it.
macro_rules! call {
    ($id:literal) => {
        concat!(
            "INSERT INTO calls (id, hook, job, state, created, due) SELECT ",
            $id,
            ", hooks.id, NEW.id, NEW.state, (SELECT now FROM clock), (SELECT now FROM clock) FROM hooks \
             WHERE hooks.operator = 1 OR (hooks.chain = NEW.chain AND hooks.account = NEW.account \
             AND ((hooks.errand = NEW.errand AND hooks.new_key = NEW.new_key) OR NEW.errand = 'open-round' \
             OR (NEW.errand = 'execute' AND hooks.new_key = NEW.new_key)));"
        )
    };
}

/// The statements that make the triggers.
pub(super) fn triggers(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => {
            let call = call!("lower(hex(randomblob(16)))");
            vec![
                format!(
                    "CREATE TRIGGER IF NOT EXISTS jobs_came AFTER INSERT ON jobs BEGIN {call} END"
                ),
                format!(
                    "CREATE TRIGGER IF NOT EXISTS jobs_moved AFTER UPDATE OF state ON jobs \
                     WHEN OLD.state <> NEW.state BEGIN {call} END"
                ),
            ]
        }
        Dialect::Postgres => {
            let call = call!("replace(gen_random_uuid()::text, '-', '')");
            vec![
                format!(
                    "CREATE OR REPLACE FUNCTION call_hooks() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN {call} RETURN NULL; END $$"
                ),
                "CREATE OR REPLACE TRIGGER jobs_came AFTER INSERT ON jobs \
                 FOR EACH ROW EXECUTE FUNCTION call_hooks()"
                    .into(),
                "CREATE OR REPLACE TRIGGER jobs_moved AFTER UPDATE OF state ON jobs FOR EACH ROW \
                 WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION call_hooks()"
                    .into(),
            ]
        }
    }
}

impl Hook {
    /// A hook with a secret that nobody has had.
    pub fn new(url: &str) -> Hook {
        let secret = Zeroizing::new(rand::random::<[u8; 32]>().to_vec());
        Hook { id: random_id(), url: url.into(), secret }
    }
}
