// The world of `zkdkim-relayer serve --dev`: made in a folder, described in one line on standard output, ended with standard
// input.

import { main, UsageError, writeJson } from "../../../verifier-sol/script/lib/command.mjs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { World } from "./world.mjs";

const ports = { http: 8787, lmtp: 8788, admin: 8789 };

await main(async () => {
  const [folder, ...rest] = process.argv.slice(2);
  if (!folder || rest.length) throw new UsageError("usage: node dev.mjs FOLDER");
  const world = await World.start(folder);
  const config = world.configuration({ database: "sqlite:jobs.db", ports });
  writeJson(join(folder, "world.json"), { ...world.state(), ports });
  const tree = fileURLToPath(new URL("../../..", import.meta.url));
  const next = `\
A chain, the contracts and a relayer run on this machine. ALL OF IT IS INSECURE: anybody can forge these proofs.

  status page   http://127.0.0.1:${ports.http}/
  API           http://127.0.0.1:${ports.http}/openapi.json
  mail, LMTP    127.0.0.1:${ports.lmtp}
  figures       http://127.0.0.1:${ports.admin}/metrics
  chain         ${world.chain.url}
  folder        ${folder}

Next, from another terminal, send mails of two guardians and see an account recovered:

  ${tree}scripts/e2e trial ${folder}

Ctrl-C ends it all.`;
  console.log(JSON.stringify({ config, next }));
  process.stdin.once("end", () => process.exit(0));
  process.stdin.resume();
});
