//! How long steps report that they are running.

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

/// Discards steps and notes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn note(&self, _: &str) {}
}
