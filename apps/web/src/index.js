/**
 * zkdkim-web: from a DKIM-signed mail to a proof, in a worker of this page.
 *
 * @example
 * const zkdkim = await open();
 * const salt = await zkdkim.salt();
 * const { file } = await zkdkim.prove(mail, salt, registry, { onProgress: ({ fraction }) => show(fraction) });
 */

import { ZkdkimError, environment } from "./errors.js";
import { Estimate } from "./estimate.js";
import { manifest as built } from "./manifest.js";
import { askNodes } from "./nodes.js";
import { canShare, defaultThreads, startWorker } from "./workers.js";

export { ZkdkimError };

/** Events whose escrows are tried between two reports. */
const BATCH = 64;

/** Seconds of the machine's clock since 1970. */
const now = () => Math.floor(Date.now() / 1000);

/** @param {import("./types.js").Bytes} bytes */
async function read(bytes) {
  if (typeof bytes === "string") return new TextEncoder().encode(bytes);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  // A copy, since it is handed over; `slice` of Node's Buffer is none.
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes);
  return new Uint8Array(await bytes.arrayBuffer());
}

/** A command with its numbers as the module takes them. */
function account(command) {
  if (command === undefined) return undefined;
  const { chain, nonce, ...rest } = command;
  return { ...rest, ...(chain === undefined ? {} : { chain: String(chain) }), ...(nonce === undefined ? {} : { nonce: String(nonce) }) };
}

function messageOptions({ onProgress, signal, clock = now(), command, ...options }) {
  return { ...options, clock, command: account(command) };
}

/** Published escrows as the module takes them, some at a time. */
async function* batches(escrows) {
  let batch = [];
  for await (const { account, block, escrow } of escrows) {
    batch.push({ account, block: String(block), escrow });
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The head, its hands, and what waits for them. */
class Engine {
  constructor(settings) {
    this.settings = settings;
    this.workers = [];
    this.calls = new Map();
    this.last = 0;
    this.broken = undefined;
    this.opened = this.#open().finally(() => this.#hold());
    // Whoever calls is told; nobody else has to be.
    this.opened.catch(() => {});
  }

  #open() {
    return new Promise((resolve, reject) => {
      this.fail = (error) => {
        this.broken ??= error;
        reject(this.broken);
        this.calls.forEach(({ reject }) => reject(this.broken));
        this.end();
      };
      const lost = (error) => this.fail(environment("worker", `a worker could not go on: ${error}`));
      const heard = (message) => {
        if (message.type === "ready") resolve(undefined);
        else if (message.type === "share") this.#introduce(hands).catch(lost);
        else this.#heard(message);
      };
      // Workers take their time to start: all at once, though hands are not needed before the head has a memory.
      const count = this.settings.threads > 1 ? this.settings.threads : 0;
      const hands = Array.from({ length: count }, () => this.#startHand(lost));
      hands.forEach((starting) => starting.catch(lost));
      this.#start(heard, lost).then((head) => {
        this.head = head;
        head.post({ type: "head", ...this.settings });
      }, lost);
    });
  }

  async #start(heard, lost) {
    const worker = await startWorker(heard, lost);
    if (this.broken) worker.end();
    this.workers.push(worker);
    return worker;
  }

  /** A worker that will be a hand, and when it is one. */
  async #startHand(lost) {
    let met;
    const ready = new Promise((resolve) => (met = resolve));
    const heard = (message) => (message.type === "ready" ? met(undefined) : this.#heard(message));
    return { hand: await this.#start(heard, lost), ready };
  }

  /** Memory goes from head to hand by a channel of theirs: what the page has seen of it would live until the page is swept. */
  async #introduce(hands) {
    // One after the other: until a hand has a stack it uses the head's.
    for (const starting of hands) {
      const { hand, ready } = await starting;
      const { port1, port2 } = new MessageChannel();
      this.head.post({ type: "share", port: port1 }, [port1]);
      hand.post({ type: "hand", port: port2 }, [port2]);
      await ready;
    }
    this.head.post({ type: "go" });
  }

  #heard(message) {
    const call = this.calls.get(message.id);
    if (message.type === "progress") {
      // A hand's may come after the head's result.
      (message.id === undefined ? this.#waiting() : [call]).forEach((call) => call?.onProgress(message));
    } else if (message.type === "error" && message.id === undefined) {
      this.fail(new ZkdkimError(message.error));
    } else if (call !== undefined) {
      this.calls.delete(message.id);
      this.#hold();
      if (message.type === "result") return call.resolve(message.value);
      const error = new ZkdkimError(message.error);
      call.reject(error);
      // A module that trapped is in no state to go on.
      if (error.rule === "internal") this.fail(error);
    }
  }

  #waiting() {
    return [...this.calls.values()];
  }

  #hold() {
    this.workers.forEach((worker) => worker.hold(this.calls.size > 0));
  }

  call(name, args, onProgress) {
    const id = ++this.last;
    const result = new Promise((resolve, reject) => this.calls.set(id, { resolve, reject, onProgress }));
    this.#hold();
    const buffers = args.filter((arg) => arg instanceof Uint8Array).map((arg) => arg.buffer);
    // What cannot be posted, such as a function among the options, is an error of this call alone; workers that do not start
    // have ended all calls already.
    this.opened.then(() => this.head.post({ type: "run", id, name, args }, buffers)).catch((error) => {
      this.calls.get(id)?.reject(environment("input", String(error)));
      this.calls.delete(id);
      this.#hold();
    });
    return result;
  }

  /** Ends the workers; their memory goes with them. */
  end() {
    this.workers.splice(0).forEach((worker) => worker.end());
    this.calls.clear();
  }
}

class Client {
  #settings;
  #engine;
  #closed = false;

  constructor(settings) {
    this.#settings = settings;
  }

  get threads() {
    return this.#settings.threads;
  }

  get layout() {
    const { manifest, layout } = this.#settings;
    return { name: layout, ...manifest.layouts[layout] };
  }

  /** Runs an operation; `gather` gives its arguments. */
  async #call(name, gather, { onProgress, signal } = {}) {
    if (this.#closed) throw environment("closed", "it was closed");
    signal?.throwIfAborted();
    const args = await gather();
    signal?.throwIfAborted();
    if (this.#engine === undefined || this.#engine.broken) this.#engine = new Engine(this.#settings);
    const engine = this.#engine;
    const estimate = new Estimate(name, onProgress);
    const work = engine.call(name, args, (progress) => estimate.advance(progress));
    if (signal === undefined) return work.finally(() => estimate.end());
    let abort;
    const aborted = new Promise((_, reject) => {
      abort = () => {
        // The mail, the salt and what was made of them are in the workers' memory.
        engine.fail(signal.reason);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
    });
    work.catch(() => {});
    return Promise.race([work, aborted]).finally(() => {
      signal.removeEventListener("abort", abort);
      estimate.end();
    });
  }

  inspect(mail, keys, options = {}) {
    const gather = async () => [
      messageOptions(options),
      await read(mail),
      "dns" in keys ? await read(keys.dns) : new Uint8Array(),
      "registry" in keys ? await read(keys.registry) : new Uint8Array(),
    ];
    return this.#call("inspect", gather, options);
  }

  prove(mail, salt, registry, options = {}) {
    const gather = async () => [messageOptions(options), await read(mail), await read(salt), await read(registry)];
    return this.#call("prove", gather, options);
  }

  verify(proof, { onProgress, signal, ...expected } = {}) {
    return this.#call("verify", async () => [expected, await read(proof)], { onProgress, signal });
  }

  commitment(address, salt) {
    return this.#call("commitment", async () => [await read(address), await read(salt)]);
  }

  async salt() {
    return (await this.#call("salt", async () => [])).salt;
  }

  subject({ command, ...options }) {
    return this.#call("subject", async () => [{ ...options, command: account(command) }]);
  }

  /** What a committee's options say; its record is pinned by its digest. */
  async #committee({ record, digest, allowInsecureDealer = false }) {
    return [{ digest, allowInsecureDealer }, await read(record)];
  }

  escrow(address, salt, committee) {
    return this.#call("escrow", async () => [...(await this.#committee(committee)), await read(address), await read(salt)]);
  }

  async recoverSalt(mail, registry, { committee, escrows, sign, nodeUrl, validSeconds = 3600, signal, ...options }) {
    const run = { signal };
    const request = async () => {
      const [asked, record] = await this.#committee(committee);
      const until = now() + validSeconds;
      return [messageOptions(options), { ...asked, until }, await read(mail), await read(registry), record];
    };
    const { text } = await this.#call("saltRequest", request, run);
    const signature = await sign(text);
    const { bodies } = await this.#call("saltSeal", async () => [await read(signature)], run);
    const answers = await askNodes(bodies, { nodeUrl, signal });
    return this.#call("saltOpen", async () => [await read(JSON.stringify(answers)), await read(escrows)], run);
  }

  findSubject({ committee, chain, block, hash }) {
    const gather = async () => {
      const [asked, record] = await this.#committee(committee);
      return [asked, { chain: String(chain), block: String(block), hash }, record];
    };
    return this.#call("findSubject", gather);
  }

  async findAccounts(mail, registry, { committee, key, escrows, nodeUrl, onTried = () => {}, signal, ...options }) {
    const run = { signal };
    const seal = async () => {
      const [asked, record] = await this.#committee(committee);
      // Only what was signed is shown to the nodes.
      const how = messageOptions({ ...options, acceptChangedBody: true });
      return [how, asked, await read(mail), await read(registry), record, await read(key)];
    };
    const { bodies } = await this.#call("findSeal", seal, run);
    const answers = await askNodes(bodies, { nodeUrl, signal });
    const { nodes } = await this.#call("findKey", async () => [await read(JSON.stringify(answers))], run);
    const result = { accounts: [], events: 0, tried: 0, unreadable: 0, nodes };
    try {
      for await (const batch of batches(escrows)) {
        const { found, tried, unreadable } = await this.#call("findTry", async () => [batch], run);
        result.accounts.push(...found);
        result.events += batch.length;
        result.tried += tried;
        result.unreadable += unreadable;
        onTried(result.tried);
      }
      return result;
    } finally {
      // Where it was aborted, the mailbox's key went with its worker.
      if (!signal?.aborted && !this.#closed) await this.#call("findEnd", async () => []);
    }
  }

  async prepare(run = {}) {
    await this.#call("prepare", async () => [], run);
  }

  close() {
    this.#closed = true;
    this.#engine?.fail(environment("closed", "it was closed"));
  }
}

/**
 * Gets ready: nothing is downloaded before it is needed.
 * @param {import("./types.js").OpenOptions} [options]
 * @returns {Promise<import("./types.js").Zkdkim>}
 */
export async function open({ assets, layout = "on-chain", threads = defaultThreads() } = {}) {
  const names = Object.keys(built.layouts);
  if (!names.includes(layout)) throw environment("layout", `there is no ${layout} here; ${names.join(", ")}`);
  if (!Number.isInteger(threads) || threads < 1) throw environment("threads", "not a number of threads");
  if (globalThis.crypto?.subtle === undefined) {
    throw environment("insecure-context", "digests cannot be checked here", "serve the page over HTTPS, or from localhost");
  }
  const folder = new URL(assets ?? "./assets/", import.meta.url);
  // A folder, whatever it was written like.
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return new Client({ manifest: built, layout, assets: folder.href, threads: canShare() ? threads : 1 });
}
