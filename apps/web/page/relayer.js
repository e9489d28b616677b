/** A relayer at a path of this site: it sends what is handed to it, and learns nothing but what the chain shows. */

import { PageFault } from "./fault.js";
import { isLong } from "./target.js";

/** What a relayer says against something, in its own words. */
function refusal(said) {
  const { reason, detail, hint } = said ?? {};
  return typeof reason === "string" ? new PageFault(reason, {}, { detail: detail ?? undefined, hint: hint ?? undefined }) : undefined;
}

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
    throw refusal(answer) ?? new PageFault("relayer-silent");
  }

  #named(target) {
    const { chain, account, action, newKey } = target;
    const owner = isLong(target) ? { new_owner: newKey } : { new_key: newKey };
    return { chain: Number(chain), account, action, ...(action === "recover" ? owner : {}) };
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

  /** Looks until `enough` says so, it is refused, or the visitor leaves. */
  async follow(id, enough, leaving) {
    for (;;) {
      const status = await this.look(id);
      if (status.state === "refused") throw refusal(status.jobs.find(({ reason }) => reason !== null)) ?? new PageFault("relayer-refused");
      if (enough(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      leaving.throwIfAborted();
    }
  }
}
