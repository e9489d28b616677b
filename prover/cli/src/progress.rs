//! Progress on standard error.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use zkdkim_plonk::progress::Progress;

/// A total of so many is one of bytes.
const LEAST_BYTES: u64 = 1 << 16;

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
            // Files come in bytes, everything else in steps.
            Some(total) if total >= LEAST_BYTES => {
                (ProgressBar::new(total), "{msg} {wide_bar} {bytes}/{total_bytes} {eta}")
            }
            Some(total) => (ProgressBar::new(total), "{msg} {wide_bar} {pos}/{len} {eta}"),
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
