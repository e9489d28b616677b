// The prover as its user runs it: `zkdkim`, with files in a folder of this object.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, readJson, run } from "./command.mjs";
import { keyRecord } from "./mail.mjs";
import { program, repository } from "./programs.mjs";

/// The contracts over the development SRS, which are part of the repository.
export const devContracts = join(repository, "verifier-sol/checked-in/insecure-dev-on-chain.json");

/// Keys are made once and kept, apart from those of the user: the SRS here is insecure, and setting
/// it up makes it the default of its cache folder.
const cache = process.env.ZKDKIM_CACHE ?? fileURLToPath(new URL("../../cache/zkdkim", import.meta.url));

export class Prover {
  #zkdkim = program("zkdkim");
  #folder = mkdtempSync(join(tmpdir(), "zkdkim-"));
  #files = 0;
  /// What `setup` reported: circuit, k, srs, vk_sha256.
  setup;

  /// Sets up the development SRS and its keys.
  constructor() {
    this.setup = this.#run("setup", "--insecure-dev");
    const expected = readJson(devContracts).key_digest;
    if (expected !== `0x${this.setup.vk_sha256}`) {
      throw new Failure(
        `the contracts in ${devContracts} verify proofs of another circuit (key ${expected}, the prover's is ` +
          `0x${this.setup.vk_sha256}); CONTRIBUTING.md says how to make them anew`,
      );
    }
  }

  /// Forgets salts and messages.
  close() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /// A registry of the test providers' keys: its file and root.
  registry(domains) {
    const file = this.#path("registry");
    this.#run("registry", "init", "--file", file);
    for (const domain of domains) this.#run("registry", "add", domain, keyRecord(domain), "--file", file);
    return { file, root: this.#run("registry", "root", "--file", file).root };
  }

  /// The root of the tree that a registry contract's logs describe: `KeyAdded` and `KeyRemoved`, in order.
  rebuiltRoot(logs) {
    const file = this.#path("registry");
    this.#run("registry", "init", "--file", file);
    const domains = [];
    for (const { eventName, args } of logs) {
      const slot = String(args.slot);
      if (eventName === "KeyAdded") {
        const key = Buffer.from(args.publicKey.slice(2), "hex").toString("base64");
        domains[slot] = args.domain;
        this.#run("registry", "add", args.domain, `v=DKIM1; k=rsa; p=${key}`, "--file", file);
      } else {
        this.#run("registry", "remove", domains[slot], "--slot", slot, "--file", file);
      }
    }
    return this.#run("registry", "root", "--file", file).root;
  }

  /// A guardian's mailbox with a salt, a new one where none is given.
  mailbox(address, salt) {
    const saltFile = this.#path("salt");
    if (salt) {
      writeFileSync(saltFile, JSON.stringify({ type: "zkdkim-salt", version: 1, salt }), { mode: 0o600 });
    } else {
      this.#run("salt", "new", "--out", saltFile);
    }
    const { commitment } = this.#run("commit", address, "--salt-file", saltFile);
    return { address, saltFile, commitment };
  }

  /// Proves a message; the result is the proof file's content. `clock` is the time of proving, `notBefore` the bound of the
  /// mail's time that the proof shows.
  prove(message, mailbox, registry, { clock, notBefore }) {
    const [mail, out] = [this.#path("eml"), this.#path("proof")];
    writeFileSync(mail, message);
    const files = ["--salt-file", mailbox.saltFile, "--registry", registry.file, "--out", out];
    const times = ["--clock", String(clock), "--not-before", String(notBefore)];
    const { timings } = this.#run("prove", mail, ...files, ...times);
    return { ...readJson(out), timings };
  }

  /// Checks a proof file's content, and that it says what is expected.
  verify(proof, { root, commitment, subject }) {
    const file = this.#path("proof");
    writeFileSync(file, JSON.stringify(proof));
    const expected = ["--root", root, "--commitment", commitment, "--subject", subject];
    return this.#run("verify", file, ...expected, "--allow-insecure-dev").public;
  }

  /// The folder with the verifier of these keys, for the deploy script.
  exportVerifier() {
    const folder = this.#path("verifier");
    this.#run("export-verifier", "--out", folder, "--allow-insecure-dev");
    return folder;
  }

  #path(kind) {
    return join(this.#folder, `${kind}-${this.#files++}`);
  }

  #run(...args) {
    const lines = run(this.#zkdkim, [...args, "--json", "--quiet"], { env: { ZKDKIM_CACHE: cache } });
    return JSON.parse(lines.trim().split("\n").at(-1));
  }
}
