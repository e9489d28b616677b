//! What must outlive the process: jobs with their mails, transactions, budgets, leases. SQLite in a file, or Postgres where
//! several machines share the work; the same statements on both.
//!
//! Nothing is acknowledged before it is committed. A step of a job is one statement or one transaction, and holds only while
//! its worker has the lease, so a worker that was taken for dead changes nothing when it comes back. Times are those of the
//! database's clock, which all workers share.

mod hooks;
mod jobs;
mod notices;
mod openings;
mod owners;
mod row;
mod send;
mod tickets;

pub use hooks::{Call, Hook};
pub use jobs::{Arrival, Checked, Lease, Received, Sender};
pub use notices::Notice;
pub use openings::{Opening, Wanted};
pub use send::{Signed, Transaction};
pub use tickets::{Ticket, Wish};

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    any::{install_default_drivers, AnyPoolOptions},
    AnyPool, AssertSqlSafe, Executor,
};

use crate::error::{Error, Result};

const SCHEMA: &str = include_str!("schema.sql");
const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A file, for the workers of one machine.
    Sqlite,
    /// A server, for workers of several.
    Postgres,
}

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
}

impl Store {
    /// Opens a database by its URL, `sqlite:PATH` or `postgres://…`, and makes what is missing in it.
    ///
    /// A new SQLite file is readable by its owner alone: mails lie in it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a URL of another kind; [`Error::Database`] where it can't be opened.
    pub async fn open(url: &str) -> Result<Store> {
        install_default_drivers();
        let (dialect, url) = match url.strip_prefix("sqlite:") {
            Some(path) => (Dialect::Sqlite, sqlite_url(Path::new(path))?),
            None if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
                (Dialect::Postgres, url.to_owned())
            }
            None => {
                let detail = "neither sqlite:PATH nor postgres://…";
                return Err(Error::config("database", detail, "name a database of these two"));
            }
        };
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        // What was erased is overwritten; what was committed survives a loss of power.
                        connection
                            .execute(
                                "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; \
                                 PRAGMA synchronous = FULL; PRAGMA secure_delete = ON",
                            )
                            .await?;
                    }
                    Ok(())
                })
            })
            .connect(&url)
            .await?;
        let store = Store { pool, dialect };
        store.migrate().await?;
        Ok(store)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT now FROM clock").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Waits for statements under way and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A transaction in which something is written. SQLite's has the write lock from the start: it could not get it later.
    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Any>> {
        let statement = match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        Ok(self.pool.begin_with(statement).await?)
    }

    async fn migrate(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        if self.dialect == Dialect::Postgres {
            // Two processes that start at once make the tables once.
            transaction.execute("SELECT pg_advisory_xact_lock(7235419)::text").await?;
        }
        let clock = match self.dialect {
            Dialect::Sqlite => "CREATE VIEW IF NOT EXISTS clock AS SELECT unixepoch() AS now",
            Dialect::Postgres => {
                "CREATE OR REPLACE VIEW clock AS \
                 SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) AS now"
            }
        };
        transaction.execute(clock).await?;
        for statement in SCHEMA.split("\n\n") {
            let statement = match self.dialect {
                Dialect::Sqlite => statement.to_owned(),
                Dialect::Postgres => statement.replace(" BLOB", " BYTEA"),
            };
            let code = |line: &&str| !line.starts_with("--") && !line.is_empty();
            let statement: Vec<_> = statement.lines().filter(code).collect();
            if !statement.is_empty() {
                transaction.execute(AssertSqlSafe(statement.join("\n"))).await?;
            }
        }
        for trigger in hooks::triggers(self.dialect) {
            transaction.execute(AssertSqlSafe(trigger)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Makes the file, for its owner alone, and says how sqlx is to open it.
fn sqlite_url(path: &Path) -> Result<String> {
    let path: PathBuf = path.to_string_lossy().trim_start_matches("//").into();
    let mut options = std::fs::File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&path).map_err(Error::io(format!("open the database {}", path.display())))?;
    if zkdkim_store::files::is_readable_by_others(&path) {
        let place = path.display().to_string();
        let detail = "others can read the database, and mails lie in it";
        return Err(Error::config(place, detail, "chmod 600 it, with -wal and -shm beside it"));
    }
    Ok(format!("sqlite://{}?mode=rwc", path.display()))
}

/// 128 random bits in hexadecimal.
pub fn random_id() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}
