//! `zkdkim-relayer`: the service, and a look at its configuration.
//!
//! Exit codes: 0 it stopped as it was told to, or the configuration holds; 1 it could not go on; 2 usage, or a fault of the
//! configuration.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tokio::{
    signal::unix::{signal, SignalKind},
    sync::watch,
};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt, Layer};
use zkdkim_relayer::{config::Config, dev, door::api::Document, service::Service, Error};

/// From a guardian's mail to a transaction.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// How much is logged of this program: error, warn, info or debug. Of what it uses, warnings alone: mails pass through it.
    #[arg(long, global = true, default_value = "info")]
    log: tracing::Level,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service until SIGTERM or SIGINT.
    Serve {
        /// The configuration; docs/relayer.md describes it.
        #[arg(long, required_unless_present = "dev")]
        config: Option<PathBuf>,
        /// Start a chain, the contracts and everything else that a trial needs, on this machine and insecure.
        #[arg(long, conflicts_with = "config")]
        dev: bool,
        /// The source tree, for --dev.
        #[arg(long, default_value = ".", requires = "dev")]
        tree: PathBuf,
    },
    /// Opens everything that a configuration names, says what is wrong, and stops.
    CheckConfig {
        /// The configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// Prints the OpenAPI document of the HTTP door.
    Openapi,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log(arguments.log);
    let outcome = match arguments.command {
        Command::Openapi => {
            println!("{}", Document::json());
            Ok(())
        }
        Command::Serve { config: Some(config), .. } => run(Purpose::Serve(config)),
        Command::Serve { config: None, tree, .. } => run(Purpose::Try(tree)),
        Command::CheckConfig { config } => run(Purpose::Check(config)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = error.id(), "{error}");
            match error {
                Error::Config { .. } | Error::Files(_) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

enum Purpose {
    Serve(PathBuf),
    Try(PathBuf),
    Check(PathBuf),
}

fn run(purpose: Purpose) -> Result<(), Error> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::io("start threads"))?;
    let outcome = runtime.block_on(async {
        match purpose {
            Purpose::Check(config) => {
                Service::open(Config::read(&config)?).await?;
                println!("the configuration holds");
                Ok(())
            }
            Purpose::Serve(config) => {
                Service::open(Config::read(&config)?).await?.run(stop_signal()?).await
            }
            Purpose::Try(tree) => {
                let folder = tempfile::Builder::new().prefix("zkdkim-dev-").tempdir();
                let folder = folder.map_err(Error::io("make a folder"))?;
                let world = dev::start(&tree, folder.path()).await?;
                let service = Service::open(Config::read(&world.config)?).await?;
                println!("{}", world.next);
                service.run(stop_signal()?).await
            }
        }
    });
    // A proof that is being made is not waited for: its job has been given back.
    runtime.shutdown_background();
    outcome
}

/// Becomes true at SIGTERM or SIGINT.
fn stop_signal() -> Result<watch::Receiver<bool>, Error> {
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::io("wait for signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::io("wait for signals"))?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // The service may have ended by itself.
        let _ = sender.send(true);
        std::future::pending::<()>().await;
    });
    Ok(receiver)
}

/// Lines of JSON on standard error. What libraries say below a warning may hold a mail, so nobody can ask for it.
fn log(level: tracing::Level) {
    let targets =
        Targets::new().with_default(tracing::Level::WARN).with_target("zkdkim_relayer", level);
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
}
