/** What goes wrong outside the prover: in wallets, chains, relayers. Its words are in the texts, by its rule. */
export class PageFault extends Error {
  /**
   * @param {string} rule
   * @param {Record<string, string | number | bigint>} [values] of the text
   * @param {{detail?: string, hint?: string}} [words] where somebody else has said what is wrong
   */
  constructor(rule, values = {}, words = {}) {
    super(words.detail ?? rule);
    Object.assign(this, { rule, values, words });
  }

  toJSON() {
    return { verdict: "error", rule: this.rule, values: this.values, ...this.words };
  }
}

/** Any error as a report. */
export const asReport = (error) => error?.toJSON?.() ?? { verdict: "error", rule: "page", detail: String(error?.message ?? error) };
