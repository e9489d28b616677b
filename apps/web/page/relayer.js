/** A relayer at a path of this site: it sends what is handed to it, and learns nothing but what the chain shows. */

import { PageFault } from "./fault.js";

export class Relayer {
  /** @param {string} path where the site has the relayer's door */
  constructor(path) {
    this.base = new URL(path, location.href);
  }

  async #call(path, body) {
    const post = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    let response;
    try {
      response = await fetch(new URL(path, this.base), { cache: "no-store", ...post });
    } catch {
      throw new PageFault("relayer-silent");
    }
    const answer = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer;
    const { reason, detail, hint } = answer ?? {};
    if (typeof reason !== "string") throw new PageFault("relayer-silent");
    throw new PageFault(reason, {}, { detail: String(detail), hint: String(hint) });
  }

  #named({ chain, account, action, newKey }) {
    return { chain: Number(chain), account, action, ...(action === "recover" ? { new_key: newKey } : {}) };
  }

  /** Asks for the Subject; a round is opened where a vote needs one. Gives what {@link Relayer.look} takes. */
  async ask(target) {
    return (await this.#call("v1/requests", this.#named(target))).id;
  }

  /** Hands in a proof file. */
  async hand(target, file) {
    return (await this.#call("v1/proofs", { ...this.#named(target), proof: JSON.parse(file) })).id;
  }

  look(id) {
    return this.#call(`v1/requests/${encodeURIComponent(id)}`);
  }

  /** Looks until `enough` says so, or the visitor leaves. */
  async follow(id, enough, leaving) {
    for (;;) {
      const status = await this.look(id);
      if (enough(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      leaving.throwIfAborted();
    }
  }
}
