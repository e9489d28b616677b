/**
 * How far an operation is, from the steps that it goes through.
 *
 * Shares are those of a proof in Chromium on two threads; another machine is slower or faster in all of them alike.
 */

/** Seconds of each step there; a step that is left out (all is kept) has taken no time. */
const SECONDS = { download: 3, unpack: 3, read: 0.2, keys: 0.7, witness: 0.3, prove: 3, verify: 0.05 };
/** Shares of the eight parts of `prove`. */
const PARTS = [0.07, 0.12, 0.03, 0.33, 0.1, 0.02, 0.16, 0.17];
const ORDER = Object.keys(SECONDS);
/** Steps of each operation. */
const STEPS = {
  prepare: ["download", "unpack", "read", "keys"],
  prove: ORDER,
};

function within({ step, done, total }) {
  if (step !== "prove") return total > 0 ? Math.min(done / total, 1) : 0;
  return PARTS.slice(0, done).reduce((sum, part) => sum + part, 0);
}

export class Estimate {
  /**
   * @param {string} operation
   * @param {((progress: import("./types.js").Progress) => void) | undefined} onProgress
   */
  constructor(operation, onProgress) {
    this.steps = STEPS[operation] ?? [];
    this.onProgress = onProgress;
    this.fraction = 0;
    this.skipped = 0;
    this.seen = undefined;
    this.started = performance.now();
  }

  advance(progress) {
    if (this.onProgress === undefined || !this.steps.includes(progress.step)) return;
    const at = this.steps.indexOf(progress.step);
    // What was jumped over is not needed this time.
    const from = this.seen === undefined ? 0 : this.steps.indexOf(this.seen) + 1;
    for (const step of this.steps.slice(from, Math.max(from, at))) this.skipped += SECONDS[step];
    if (this.seen !== progress.step) this.seen = progress.step;
    const all = this.steps.reduce((sum, step) => sum + SECONDS[step], 0) - this.skipped;
    const before = this.steps.slice(0, at).reduce((sum, step) => sum + SECONDS[step], 0) - this.skipped;
    const fraction = Math.max(0, before + within(progress) * SECONDS[progress.step]) / all;
    // Never backwards, and done only at the end.
    this.fraction = Math.min(Math.max(this.fraction, fraction), 0.99);
    this.#tell(progress.step);
  }

  #tell(step) {
    const passed = (performance.now() - this.started) / 1000;
    const known = this.fraction > 0.05;
    const remainingSeconds = known ? (passed / this.fraction) * (1 - this.fraction) : undefined;
    this.onProgress({ step, fraction: this.fraction, ...(known ? { remainingSeconds } : {}) });
  }

  end() {
    this.onProgress = undefined;
  }
}
