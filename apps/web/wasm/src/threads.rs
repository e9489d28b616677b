//! Rayon's threads in workers: the page starts the workers, and each takes a thread from the queue.
//!
//! A thread cannot be started from within a module, so rayon's are put into a queue. The head, the worker that is asked
//! for things, is one of them; the others, *hands*, wait at the queue before rayon starts.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

static QUEUE: Mutex<VecDeque<ThreadBuilder>> = Mutex::new(VecDeque::new());
static FILLED: Condvar = Condvar::new();

/// Makes the calling worker the head of so many threads; all hands have called, or will soon call, [`hand`].
pub fn head(threads: usize) -> Result<(), String> {
    let put = |thread: ThreadBuilder| {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).push_back(thread);
        FILLED.notify_one();
        Ok(())
    };
    ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .use_current_thread()
        .spawn_handler(put)
        .build_global()
        .map_err(|e| e.to_string())
}

/// Waits for a thread and is it from then on: does not return.
pub fn hand() {
    let queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    let queue = FILLED.wait_while(queue, |queue| queue.is_empty());
    let thread = queue.unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(thread) = thread {
        thread.run();
    }
}
