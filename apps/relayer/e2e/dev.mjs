// The world of `zkdkim-relayer serve --dev`: made in a folder, described in one line on standard output, ended with standard
// input.

import { main, UsageError, writeJson } from "../../../verifier-sol/script/lib/command.mjs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SaltNodes } from "./nodes.mjs";
import { World } from "./world.mjs";

const ports = { http: 8787, lmtp: 8788, admin: 8789 };

await main(async () => {
  const [folder, ...rest] = process.argv.slice(2);
  if (!folder || rest.length) throw new UsageError("usage: node dev.mjs FOLDER");
  const world = await World.start(folder);
  const nodes = await SaltNodes.start(folder, { url: world.chain.url, recovery: world.recovery.address });
  const config = world.configuration({ database: "sqlite:jobs.db", ports, nodes });
  writeJson(join(folder, "world.json"), { ...world.state(), ports });
  const tree = fileURLToPath(new URL("../../..", import.meta.url));
  const next = `\
A chain, the contracts, salt nodes and a relayer run on this machine. ALL OF IT IS INSECURE: anybody can forge these proofs, and
one dealer made the nodes' key.

  status page   http://127.0.0.1:${ports.http}/
  API           http://127.0.0.1:${ports.http}/openapi.json
  mail, LMTP    127.0.0.1:${ports.lmtp}
  figures       http://127.0.0.1:${ports.admin}/metrics
  chain         ${world.chain.url}
  salt nodes    ${nodes.count}, of which three open a salt; their record is ${nodes.record}
  folder        ${folder}

Next, from another terminal, send mails of two guardians and see an account recovered:

  ${tree}scripts/e2e trial ${folder}

With --journey mailbox-alone, of guardians who have lost their salts, which the nodes open. That has to be the first trial: each
moves the chain's clock on by the hour in which an owner could cancel, and nodes, which go by this machine's, take no mail of the future.

Ctrl-C ends it all.`;
  console.log(JSON.stringify({ config, next }));
  process.stdin.once("end", () => process.exit(0));
  process.stdin.resume();
});
