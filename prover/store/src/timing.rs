//! Wall time and CPU time of a step.

use std::time::{Duration, Instant};

use serde::Serialize;

/// What a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// Wall clock, in seconds.
    pub wall_s: f64,
    /// CPU time of all threads, in seconds; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.cpu_s {
            Some(cpu) => write!(f, "{:.2} s wall, {cpu:.2} s CPU", self.wall_s),
            None => write!(f, "{:.2} s wall", self.wall_s),
        }
    }
}

/// Runs something and measures it.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Timing) {
    let (wall, cpu) = (Instant::now(), cpu_time());
    let result = run();
    let cpu_s = cpu.zip(cpu_time()).map(|(before, after)| (after - before).as_secs_f64());
    (result, Timing { wall_s: wall.elapsed().as_secs_f64(), cpu_s })
}

/// CPU time of all threads of this process so far; none where the system does not tell.
#[cfg(unix)]
pub fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// CPU time of all threads of this process so far; none where the system does not tell.
#[cfg(not(unix))]
pub fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_what_runs() {
        let (sum, timing) = timed(|| (0..2_000_000u64).fold(0, |a, b| std::hint::black_box(a ^ b)));
        std::hint::black_box(sum);
        assert!(timing.wall_s > 0.0);
        assert!(timing.cpu_s.is_none_or(|cpu| cpu >= 0.0));
    }
}
