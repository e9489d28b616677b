// What each step of a recovery costs, measured in one run with real proofs, as whole transactions:
//
//   npm run gas                      a table
//   npm run --silent gas -- --json   one object
//
// A further vote of a bundle is the difference between bundles of two and of one.
// Exit codes: 0 measured, 1 a test failed, 2 usage or environment.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, main, readJson, UsageError } from "./lib/command.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const steps = {
  configure: "configure, 3 guardians",
  accept: "acceptGuardian",
  vote: "vote, first",
  execute: "execute",
  cancel: "cancel",
};

await main(() => {
  const args = process.argv.slice(2);
  if (args.some((arg) => arg !== "--json")) throw new UsageError("usage: npm run gas [-- --json]");
  mkdirSync(join(root, "cache"), { recursive: true });
  const folder = mkdtempSync(join(root, "cache/gas-"));
  try {
    const env = {
      ...process.env,
      FOUNDRY_SNAPSHOTS: folder,
      FORGE_SNAPSHOT_EMIT: "true",
      FORGE_SNAPSHOT_CHECK: "false",
    };
    const forge = [join(root, "script/forge.mjs"), "test", "--match-contract", "RecoveryGasTest"];
    const { status, stdout, stderr } = spawnSync("node", forge, { cwd: root, env, encoding: "utf8" });
    if (status !== 0) throw new Failure(`forge failed:\n${stdout}${stderr}`);
    const measured = readJson(join(folder, "recovery.json"));
    const gas = (name) => {
      const value = Number(measured[name]);
      if (!Number.isInteger(value)) throw new Failure(`${name} was not measured`);
      return value;
    };
    const figures = Object.fromEntries(Object.entries(steps).map(([key, name]) => [key, gas(name)]));
    figures.vote_batch_marginal = gas("voteBatch, two") - gas("voteBatch, one");
    if (args.length > 0) console.log(JSON.stringify(figures));
    else console.table(figures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
