/**
 * A worker: the head, which holds keys and is asked for things, or one of its hands.
 *
 * From the page: `head` {manifest, layout, assets, threads} or `hand` {port} first; then to the head `share` {port} for each hand,
 * `go`, once its hands are ready, and `run` {id, name, args}. To the page: `share`, when it is ready to, `ready`, `progress`,
 * `result`, `error`; `here` as soon as it listens. From head to hand, by the port: {module, memory} first, then the id of each
 * call for which hands are called.
 */

import { Assets, discard } from "./assets.js";
import { ZkdkimError, environment } from "./errors.js";
import { Head, OPERATIONS, hand, newMemory } from "./module.js";
import { port } from "./port.js";

const encode = (value) => new TextEncoder().encode(JSON.stringify(value));
const NOTHING = new Uint8Array();

/** Compiled from bytes that were checked; streaming would compile them first. */
async function compiled(code) {
  try {
    return await WebAssembly.compile(code);
  } catch (cause) {
    const hint = "use a browser of the last years: it needs vectors and atomics (SIMD, threads) in WebAssembly";
    throw environment("browser", `this browser cannot run the prover: ${cause}`, hint);
  }
}

/** What the module says of its steps, in the page's words. */
function steps(report) {
  let stages;
  return (name, number) => {
    if (name === "completing the proving key") report({ step: "keys", done: 0, total: 1 });
    else if (name === "verifying") report({ step: "verify", done: 0, total: 1 });
    else if (name === undefined) report({ step: "prove", done: number, total: stages });
    else stages = number;
  };
}

/** @type {HeadWorker | undefined} */
let head;

class HeadWorker {
  constructor({ manifest, layout, assets, threads }) {
    this.manifest = manifest;
    this.layout = manifest.layouts[layout];
    this.name = layout;
    this.assets = new Assets(new URL(assets));
    this.threads = threads;
    this.loaded = "nothing";
    /** The call that runs, for its progress. */
    this.id = undefined;
    /** Ports of the hands. */
    this.hands = [];
  }

  report(progress) {
    port.post({ type: "progress", id: this.id, ...progress });
  }

  async open() {
    const { manifest, assets } = this;
    const code = await assets.get(manifest.module, (bytes) => this.#download(bytes, manifest.module.bytes));
    this.module = await compiled(code);
    discard(code);
    this.memory = newMemory();
    const onProgress = steps((progress) => this.report(progress));
    this.instance = await Head.create(this.module, this.memory, manifest.table, onProgress);
    this.instance.callHands = () => this.hands.forEach((hand) => hand.postMessage(this.id));
    if (this.threads > 1) port.post({ type: "share" });
    else this.go();
  }

  share(to) {
    to.postMessage({ module: this.module, memory: this.memory });
    this.hands.push(to);
  }

  go() {
    this.instance.start(this.hands.length);
    port.post({ type: "ready" });
  }

  #download(done, total) {
    this.report({ step: "download", done, total });
  }

  /** The SRS' file in the module's memory: kept, or downloaded at half its size and unpacked there. */
  async #srs() {
    const { srs, packed } = this.layout;
    const kept = await this.assets.unchecked(srs);
    if (kept !== undefined) {
      const block = this.instance.block(srs.bytes);
      // The module compares the digest of what it reads; what is too short ends in zeros.
      await block.fill(kept);
      return { block, fresh: false };
    }
    const half = await this.assets.fetched(packed, (bytes) => this.#download(bytes, packed.bytes));
    this.report({ step: "unpack", done: 0, total: 1 });
    const block = this.instance.runInside(OPERATIONS.unpack, [half]);
    discard(half);
    // Before it is read, as that takes it; what cannot be read is forgotten again.
    await this.assets.keep(srs, block.stream());
    return { block, fresh: true };
  }

  async #load() {
    if (this.loaded === "prover") return;
    const options = encode({ layout: this.name, srsSha256: this.layout.srsSha256 });
    const key = await this.assets.get(this.layout.key);
    for (let attempt = 0; ; attempt++) {
      const { block, fresh } = await this.#srs();
      this.report({ step: "read", done: 0, total: 1 });
      try {
        this.instance.json(OPERATIONS.load, [options, block, key]);
        break;
      } catch (error) {
        // A damaged copy is thrown away, and the file fetched once.
        await this.assets.forget(this.layout.srs);
        if (fresh || attempt > 0 || error.rule === "internal") throw error;
      }
    }
    this.loaded = "prover";
    const { module, layouts } = this.manifest;
    await this.assets.prune([module, ...Object.values(layouts).flatMap((layout) => [layout.srs, layout.key])]);
  }

  async #loadVerifier() {
    if (this.loaded !== "nothing") return;
    const options = encode({ layout: this.name, srsSha256: this.layout.srsSha256 });
    this.instance.json(OPERATIONS.loadVerifier, [options, await this.assets.get(this.layout.key)]);
    this.loaded = "verifier";
  }

  async run(name, args) {
    switch (name) {
      case "prepare":
        return this.#load();
      case "inspect":
        return this.instance.json(OPERATIONS.inspect, [encode(args[0]), args[1], args[2] ?? NOTHING, args[3] ?? NOTHING]);
      case "prove":
        // A mail that cannot be proved is refused before anything is downloaded for it.
        this.#refuse(args);
        await this.#load();
        this.report({ step: "witness", done: 0, total: 1 });
        return this.instance.json(OPERATIONS.prove, [encode(args[0]), ...args.slice(1)]);
      case "verify":
        await this.#loadVerifier();
        return this.instance.json(OPERATIONS.verify, [encode(args[0]), args[1]]);
      case "commitment":
        return this.instance.json(OPERATIONS.commitment, args);
      case "salt":
        return this.instance.json(OPERATIONS.salt, []);
      case "subject":
        return this.instance.json(OPERATIONS.subject, [encode(args[0])]);
      case "escrow":
        return this.instance.json(OPERATIONS.escrow, [encode(args[0]), ...args.slice(1)]);
      case "saltRequest":
        return this.instance.json(OPERATIONS.saltRequest, [encode(args[0]), encode(args[1]), ...args.slice(2)]);
      case "saltSeal":
        return this.instance.json(OPERATIONS.saltSeal, args);
      case "saltOpen":
        return this.instance.json(OPERATIONS.saltOpen, args);
      case "findSubject":
        return this.instance.json(OPERATIONS.findSubject, [encode(args[0]), encode(args[1]), args[2]]);
      case "findSeal":
        return this.instance.json(OPERATIONS.findSeal, [encode(args[0]), encode(args[1]), ...args.slice(2)]);
      case "findKey":
        return this.instance.json(OPERATIONS.findKey, args);
      case "findTry":
        return this.instance.json(OPERATIONS.findTry, [encode(args[0])]);
      case "findEnd":
        return this.instance.json(OPERATIONS.findEnd, []);
      default:
        throw environment("operation", `there is no ${name}`);
    }
  }

  #refuse([options, mail, , registry]) {
    const report = this.instance.json(OPERATIONS.inspect, [encode(options), mail, NOTHING, registry]);
    if (report.verdict !== "provable") throw new ZkdkimError(report);
  }
}

function failed(id, error) {
  const known = error instanceof ZkdkimError ? error : environment("internal", String(error?.stack ?? error));
  port.post({ type: "error", id, error: known.toJSON() });
}

async function run({ id, name, args }) {
  try {
    head.id = id;
    const value = await head.run(name, args);
    port.post({ type: "result", id, value });
  } catch (error) {
    failed(id, error);
  } finally {
    args.forEach((arg) => arg instanceof Uint8Array && arg.fill(0));
  }
}

/** Is a hand: gets module and memory first, then a call at a time. */
function lendHand(from) {
  let id;
  let serve;
  const onProgress = steps((progress) => port.post({ type: "progress", id, ...progress }));
  from.onmessageerror = () => failed(undefined, environment("memory", "the browser shares no memory between workers"));
  from.onmessage = async ({ data }) => {
    try {
      if (serve === undefined) {
        serve = await hand(data.module, data.memory, onProgress);
        return port.post({ type: "ready" });
      }
      id = data;
      serve();
    } catch (error) {
      failed(undefined, error);
    }
  };
}

let queue = Promise.resolve();

port.listen(async (message) => {
  try {
    if (message.type === "head") {
      head = new HeadWorker(message);
      await head.open();
    } else if (message.type === "hand") {
      lendHand(message.port);
    } else if (message.type === "share") {
      head.share(message.port);
    } else if (message.type === "go") {
      head.go();
    } else {
      queue = queue.then(() => run(message));
    }
  } catch (error) {
    failed(undefined, error);
  }
});

// What is sent before somebody listens is lost.
port.post({ type: "here" });
