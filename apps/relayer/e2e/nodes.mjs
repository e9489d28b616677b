// Five salt nodes as processes, by an insecure dealer, of which three have to help; and, where nobody else has one, a resolver
// that knows the test providers' keys.

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, run } from "../../../verifier-sol/script/lib/command.mjs";
import { repository } from "../../../verifier-sol/script/lib/programs.mjs";
import { freePort } from "./doors.mjs";
import { program } from "./program.mjs";
import { answerFrom, startResolver } from "./resolver.mjs";
import { processorOf, until } from "./service.mjs";

const COUNT = 5;

export class SaltNodes {
  #children = [];
  #resolver;
  #folder;

  /// Nodes that ask this chain, and this resolver.
  static async start(folder, { url, recovery, resolver }) {
    const nodes = new SaltNodes();
    nodes.#folder = join(folder, "nodes");
    mkdirSync(nodes.#folder);
    try {
      await nodes.#start(url, recovery, resolver);
    } catch (error) {
      nodes.stop();
      throw error;
    }
    return nodes;
  }

  /// The nodes of `zkdkim-relayer serve --dev`, which another process runs.
  static attach(folder) {
    const nodes = new SaltNodes();
    nodes.#folder = join(folder, "nodes");
    nodes.record = join(nodes.#folder, "committee.record");
    return nodes;
  }

  async #start(chain, recovery, resolver) {
    if (!resolver) {
      const records = readJson(join(repository, "test-vectors/messages/dns.json"));
      this.#resolver = await startResolver((question) => answerFrom(records, question));
    }
    const ports = [];
    for (let i = 0; i < 2 * COUNT; i++) ports.push(await freePort());
    const urls = ports.slice(0, COUNT).flatMap((port) => ["--url", `http://127.0.0.1:${port}`]);
    const network = ["--network", "insecure-dealer-e2e", "--threshold", "3"];
    run(program("salt-node"), ["insecure-dealer", ...network, "--out", this.#folder, ...urls]);
    this.record = join(this.#folder, "committee.record");
    const resolvers = `quorum = 1\n[[resolver]]\nname = "test"\nurl = "${resolver ?? this.#resolver.url}"\n`;
    writeFileSync(join(this.#folder, "resolvers.toml"), resolvers);
    for (let i = 1; i <= COUNT; i++) {
      const config = join(this.#folder, `node-${i}.toml`);
      const [port, metrics] = [ports[i - 1], ports[COUNT + i - 1]];
      const text = `\
home = ${JSON.stringify(join(this.#folder, `node-${i}`))}
listen = "127.0.0.1:${port}"
metrics = "127.0.0.1:${metrics}"
[[chain]]
id = 31337
rpc = ${JSON.stringify(chain)}
recovery = ["${recovery}"]
[keys]
dns = "quorum"
resolvers = "resolvers.toml"
[insecure]
allow_dealer = true
plain_http = true
`;
      writeFileSync(config, text);
      this.#children.push(spawn(program("salt-node"), ["serve", "--config", config], { stdio: "ignore" }));
      await until(`node ${i}`, 60, async () => (await fetch(`http://127.0.0.1:${port}/v1/record`)).ok);
    }
    process.once("exit", () => this.stop());
  }

  /// Ends a node as a loss of power would; false where another process runs it.
  kill(index) {
    return this.#children[index - 1]?.kill("SIGKILL") ?? false;
  }

  stop() {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#resolver?.stop();
  }

  /// How `zkdkim` is told of them.
  get trusted() {
    return ["--committee", this.record, "--allow-insecure-dealer"];
  }

  get count() {
    return COUNT;
  }

  /// Seconds of processor time that all of them used.
  processor() {
    return this.#children.reduce((sum, { pid }) => sum + processorOf(pid), 0);
  }

  #zkdkim(...args) {
    const lines = run(program("zkdkim"), [...args, ...this.trusted, "--json", "--quiet"]);
    return JSON.parse(lines.trim().split("\n").at(-1));
  }

  /// What a relayer's configuration says of them.
  configuration(folder) {
    const { digest } = this.#zkdkim("salt", "committee");
    copyFileSync(this.record, join(folder, "committee.record"));
    const pin = digest.startsWith("0x") ? digest : `0x${digest}`;
    return `{ record = "committee.record", digest = "${pin}", allow_insecure_dealer = true }`;
  }

  /// The salt of a mailbox, encrypted to it.
  escrow({ address, saltFile }) {
    return this.#zkdkim("salt", "escrow", "--address", address, "--salt-file", saltFile).escrow;
  }
}
