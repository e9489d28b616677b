//! Rayon's threads in workers: the page starts the workers, *hands*, and calls them for each operation that is shared out.
//!
//! A thread cannot be started from within a module, so rayon's are put into a queue, from which each hand takes one. A hand
//! returns when the operation is over: a worker that waits within the module would be ended by its browser only seconds
//! after its page is left, and the memory with it. The head, the worker that is asked for things, waits meanwhile.

use std::{
    collections::VecDeque,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Condvar, Mutex, PoisonError,
    },
};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

static QUEUE: Mutex<VecDeque<ThreadBuilder>> = Mutex::new(VecDeque::new());
static FILLED: Condvar = Condvar::new();
static HANDS: AtomicUsize = AtomicUsize::new(0);

/// Makes the calling worker the head of so many hands; without any it does all by itself.
pub fn head(hands: usize) -> Result<(), String> {
    HANDS.store(hands, Ordering::Relaxed);
    // For what is not shared out.
    let own = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    own.build_global().map_err(|e| e.to_string())
}

/// Runs a job on the hands, which have been or will be called; on this thread where there are none.
pub fn share_out<T: Send>(job: impl FnOnce() -> T + Send) -> Result<T, String> {
    let hands = HANDS.load(Ordering::Relaxed);
    if hands == 0 {
        return Ok(job());
    }
    let put = |thread: ThreadBuilder| {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).push_back(thread);
        FILLED.notify_one();
        Ok(())
    };
    let pool = ThreadPoolBuilder::new().num_threads(hands).spawn_handler(put).build();
    Ok(pool.map_err(|e| e.to_string())?.install(job))
}

/// Waits for a thread and is it until its operation is over.
pub fn hand() {
    let queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    let queue = FILLED.wait_while(queue, |queue| queue.is_empty());
    let thread = queue.unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(thread) = thread {
        thread.run();
    }
}
