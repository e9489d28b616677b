/** Why an operation ended without a result. */
export class ZkdkimError extends Error {
  /**
   * @param {import("./types.js").FaultReport} report
   * @param {ErrorOptions} [options]
   */
  constructor(report, options) {
    super(report.detail, options);
    this.name = "ZkdkimError";
    /** `refused`, `invalid` or `error`. */
    this.verdict = report.verdict;
    /** Stable identifier of the cause, in kebab case: that of the command line. */
    this.rule = report.rule;
    /** The rule in one line, for a refused mail. */
    this.title = report.title;
    /** Number of the relation's clause, such as `3.1`. */
    this.clause = report.clause;
    /** Where in the mail. */
    this.place = report.place;
    /** What would make it pass. */
    this.hint = report.hint;
    /** What the signature vouches for all the same: `message`, `header` or `nothing`. */
    this.holds = report.holds;
  }

  /** @returns {import("./types.js").FaultReport} */
  toJSON() {
    const { verdict, rule, title, clause, place, hint, holds } = this;
    return { verdict, rule, detail: this.message, title, clause, place, hint, holds };
  }
}

/**
 * An error of what surrounds the module: its files, its workers, its memory.
 * @param {string} rule
 * @param {string} detail
 * @param {string} [hint]
 */
export function environment(rule, detail, hint) {
  return new ZkdkimError({ verdict: "error", rule, detail, hint });
}
