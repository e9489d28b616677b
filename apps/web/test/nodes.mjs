/** Salt nodes of an insecure committee, in a process of their own (apps/web/wasm/examples/salt_nodes.rs); or why there are none. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const folder = process.env.ZKDKIM_BIN_DIR ?? fileURLToPath(new URL("../../../target/debug/", import.meta.url));
const program = join(folder, "examples/salt_nodes");

/** The reason why tests with nodes are not run here; undefined where they are. */
export const missing = existsSync(program) ? undefined : "the nodes are not built: cargo build -p zkdkim-wasm --example salt_nodes";

export class Nodes {
  #child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  #waiting = [];

  constructor() {
    createInterface(this.#child.stdout).on("line", (line) => this.#waiting.shift()?.(line));
  }

  #say(line) {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${line}\n`);
    });
  }

  /** The committee's record, its digest, and a registry with the mails' provider. */
  async about() {
    const { record, digest, registry } = JSON.parse(await this.#say("about"));
    return { record: Buffer.from(record, "hex"), digest, registry };
  }

  /** A mail from ann@example.org. */
  async mail(subject) {
    return Buffer.from(await this.#say(`mail ${subject}`), "hex");
  }

  /** The round that the nodes see as open, on chain 1. */
  round(account, nonce) {
    return this.#say(`round ${account} ${nonce}`);
  }

  /** The block that the nodes take for the newest of chain 1, made now. */
  block(number, hash) {
    return this.#say(`block ${number} ${hash}`);
  }

  /** What a node answers to what is posted to it; undefined where it refuses. */
  async answer(index, body) {
    const answer = await this.#say(`ask ${index} ${body.toString("hex")}`);
    return /^[0-9a-f]+$/.test(answer) ? Buffer.from(answer, "hex") : undefined;
  }

  stop() {
    this.#child.kill();
  }
}
