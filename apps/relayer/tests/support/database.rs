//! A new SQLite file and a new schema of a Postgres server for each test. The server is the one that
//! `ZKDKIM_TEST_POSTGRES` names, or one of this test program where the machine has Postgres.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use zkdkim_relayer::store::{random_id, Store};
use zkdkim_test_vectors::not_run;

const VARIABLE: &str = "ZKDKIM_TEST_POSTGRES";

/// A database of one test.
pub struct Database {
    pub store: Store,
    pub url: String,
    /// The folder of a SQLite file, which goes with it.
    _folder: TempDir,
}

impl Database {
    /// A job came so many seconds ago, and is due.
    pub async fn age(&self, job: &str, seconds: i64) {
        let change =
            "UPDATE jobs SET created = (SELECT now FROM clock) - $2, due = 0 WHERE id = $1";
        sqlx::query(change).bind(job).bind(seconds).execute(&self.raw().await).await.unwrap();
    }

    /// Every call is due, whoever has it, and was tried so often.
    pub async fn release_calls(&self, attempts: i64) {
        let change = "UPDATE calls SET due = 0, lease_until = 0, attempts = $1";
        sqlx::query(change).bind(attempts).execute(&self.raw().await).await.unwrap();
    }

    /// Every notice is due, whoever has it.
    pub async fn release_notices(&self) {
        let change = "UPDATE notices SET due = 0, lease_until = 0";
        sqlx::query(change).execute(&self.raw().await).await.unwrap();
    }

    /// Whether a worker has still to look at a job, or looks at it.
    pub async fn is_due(&self, job: &str) -> bool {
        let due = "SELECT id FROM jobs WHERE id = $1 AND state <> 'refused' AND state <> 'final' \
                   AND due <= (SELECT now FROM clock)";
        sqlx::query(due).bind(job).fetch_optional(&self.raw().await).await.unwrap().is_some()
    }

    async fn raw(&self) -> sqlx::AnyPool {
        let url = match self.url.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite://{path}"),
            None => self.url.clone(),
        };
        sqlx::AnyPool::connect(&url).await.unwrap()
    }
}

/// All databases that there are.
pub async fn each() -> Vec<Database> {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("jobs.db").display());
    let mut all = vec![open(url, folder).await];
    match server() {
        Some(server) => all.push(open(schema(server).await, TempDir::new().unwrap()).await),
        None => {
            not_run("the relayer's tests on Postgres", &format!("no server, and no {VARIABLE}"))
        }
    }
    all
}

/// The database that needs nothing.
pub async fn sqlite() -> Database {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("jobs.db").display());
    open(url, folder).await
}

async fn open(url: String, folder: TempDir) -> Database {
    Database { store: Store::open(&url).await.unwrap(), url, _folder: folder }
}

/// A URL under which everything goes into a schema of its own.
async fn schema(server: &str) -> String {
    use sqlx::Connection;
    let name = format!("test_{}", random_id());
    // A server that has its socket may still be starting up.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut connection = loop {
        match sqlx::PgConnection::connect(server).await {
            Ok(connection) => break connection,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    let and = if server.contains('?') { '&' } else { '?' };
    format!("{server}{and}options=-c%20search_path%3D{name}")
}

fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<(String, Option<Child>)>> = OnceLock::new();
    let server = SERVER.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(url) => Some((url, None)),
        Err(_) => start().map(|(url, child)| (url, Some(child))),
    });
    server.as_ref().map(|(url, _)| url.as_str())
}

/// Starts a server on a socket in a folder of its own. A shell that reads from this process ends it, however this process
/// ends.
fn start() -> Option<(String, Child)> {
    let programs = programs()?;
    let folder = std::env::temp_dir().join(format!("zkdkim-postgres-{}", std::process::id()));
    let script = format!(
        "set -e; mkdir -m 700 {folder}; trap 'kill $server; wait $server; rm -rf {folder}' EXIT; \
         {bin}/initdb -D {folder}/data -U relayer --auth=trust --no-sync >/dev/null; \
         {bin}/postgres -D {folder}/data -k {folder} -c listen_addresses= -c fsync=off \
         -c max_connections=200 2>{folder}/log & server=$!; echo started; read end || true",
        folder = folder.display(),
        bin = programs.display(),
    );
    let mut shell = as_nobody_special(&script);
    let mut child =
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let socket = folder.join(".s.PGSQL.5432");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !socket.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let host = folder.display().to_string().replace('/', "%2F");
    let url = format!("postgres://relayer@{host}/postgres?sslmode=disable");
    socket.exists().then_some((url, child))
}

/// Postgres refuses to run as root.
fn as_nobody_special(script: &str) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    let mut command = Command::new(if root { "runuser" } else { "sh" });
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", script]);
    command
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions.flatten().map(|version| version.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop()
}
