//! Criterion measures wall time; beside it stands the CPU time of all threads, the steadier figure.

use std::{cell::Cell, hint::black_box, time::Duration};

use criterion::{measurement::WallTime, BenchmarkGroup};
use zkdkim_store::timing::timed;

const SAMPLES: usize = 10;

/// Measures `run`, and prints its CPU time an iteration.
pub fn measure<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut run: impl FnMut() -> T,
) {
    // A proof takes seconds: as long as ten of them take, but two seconds for what is fast.
    let (_, first) = timed(&mut run);
    let time = Duration::from_secs_f64(f64::max(2.0, 1.5 * SAMPLES as f64 * first.wall_s));
    group.sample_size(SAMPLES).warm_up_time(Duration::from_secs(1)).measurement_time(time);

    let (cpu, iterations) = (Cell::new(0.0), Cell::new(0u64));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let ((), timing) = timed(|| {
                for _ in 0..count {
                    black_box(run());
                }
            });
            cpu.set(cpu.get() + timing.cpu_s.unwrap_or(f64::NAN));
            iterations.set(iterations.get() + count);
            Duration::from_secs_f64(timing.wall_s)
        });
    });
    if iterations.get() > 0 {
        let mean = 1000.0 * cpu.get() / iterations.get() as f64;
        println!("{:24}cpu:    {mean:.3} ms (mean of {})\n", "", iterations.get());
    }
}
