//! How long steps report that they are running.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// What a long step tells its user. The library never prints by itself.
pub trait Progress: Send + Sync {
    /// A step begins; `total` where its length is known.
    fn start(&self, step: &str, total: Option<u64>);
    /// The step has come so far.
    fn advance(&self, done: u64);
    /// The step is over.
    fn finish(&self);
    /// Something the user should know, such as a damaged cache that is built anew.
    fn note(&self, text: &str);
}

/// Runs a step; its end is reported also when it fails.
pub fn step<T>(progress: &dyn Progress, name: &str, run: impl FnOnce() -> T) -> T {
    progress.start(name, None);
    let result = run();
    progress.finish();
    result
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn note(&self, _: &str) {}
}

/// Notes as lines on standard error, and a bar where that is a terminal.
#[derive(Debug, Default)]
pub struct Stderr {
    bars: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Stderr {
    /// With a bar or without; [`std::io::IsTerminal`] answers which.
    pub fn new(bars: bool) -> Stderr {
        Stderr { bars, bar: Mutex::new(None) }
    }

    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Stderr {
    fn start(&self, step: &str, total: Option<u64>) {
        if !self.bars {
            return;
        }
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{msg} {wide_bar} {bytes}/{total_bytes} {eta}")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(step.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Some(old) = self.bar().replace(bar) {
            old.finish_and_clear();
        }
    }

    fn advance(&self, done: u64) {
        if let Some(bar) = &*self.bar() {
            bar.set_position(done);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, text: &str) {
        match &*self.bar() {
            Some(bar) => bar.suspend(|| eprintln!("note: {text}")),
            None => eprintln!("note: {text}"),
        }
    }
}
