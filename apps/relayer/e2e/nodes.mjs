// Five salt nodes as processes, by an insecure dealer, of which three have to help; and a resolver over HTTP that knows the
// test providers' keys.

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { readJson, run } from "../../../verifier-sol/script/lib/command.mjs";
import { repository } from "../../../verifier-sol/script/lib/programs.mjs";
import { program } from "./program.mjs";
import { until } from "./service.mjs";

const COUNT = 5;

export class SaltNodes {
  #children = [];
  #resolver;
  #folder;

  static async start(folder, { url, recovery }) {
    const nodes = new SaltNodes();
    nodes.#folder = join(folder, "nodes");
    mkdirSync(nodes.#folder);
    try {
      await nodes.#start(url, recovery);
    } catch (error) {
      nodes.stop();
      throw error;
    }
    return nodes;
  }

  async #start(chain, recovery) {
    this.#resolver = await startResolver();
    const ports = [];
    for (let i = 0; i < 2 * COUNT; i++) ports.push(await freePort());
    const urls = ports.slice(0, COUNT).flatMap((port) => ["--url", `http://127.0.0.1:${port}`]);
    const network = ["--network", "insecure-dealer-e2e", "--threshold", "3"];
    run(program("salt-node"), ["insecure-dealer", ...network, "--out", this.#folder, ...urls]);
    this.record = join(this.#folder, "committee.record");
    const resolvers = `quorum = 1\n[[resolver]]\nname = "test"\nurl = "http://127.0.0.1:${this.#resolver.address().port}/dns-query"\n`;
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

  /// Ends a node as a loss of power would.
  kill(index) {
    this.#children[index - 1].kill("SIGKILL");
  }

  stop() {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#resolver?.close();
  }

  #zkdkim(...args) {
    const committee = ["--committee", this.record, "--allow-insecure-dealer"];
    const lines = run(program("zkdkim"), [...args, ...committee, "--json", "--quiet"]);
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

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createSocketServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// DNS over HTTPS (RFC 8484), without the S, for TXT records.
function startResolver() {
  const records = readJson(join(repository, "test-vectors/messages/dns.json"));
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.setHeader("content-type", "application/dns-message");
      response.end(answer(Buffer.concat(chunks), records));
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/// The answer to a question (RFC 1035 §4): its records, or that there is no such name.
function answer(question, records) {
  const labels = [];
  let at = 12;
  while (question[at]) {
    labels.push(question.subarray(at + 1, at + 1 + question[at]).toString("latin1"));
    at += question[at] + 1;
  }
  const asked = question.subarray(12, at + 5);
  const found = [records[labels.join(".").toLowerCase()] ?? []].flat();
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(found.length ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  return Buffer.concat([head, asked, ...found.map(textRecord)]);
}

function textRecord(text) {
  const bytes = Buffer.from(text, "latin1");
  const strings = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const piece = bytes.subarray(at, at + 255);
    strings.push(Buffer.from([piece.length]), piece);
  }
  const data = Buffer.concat(strings);
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
