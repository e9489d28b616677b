// Runs forge and ends as forge ends. The launcher in forge's own npm package (1.7.1) ends with 0
// whatever forge said, so that a failing test would pass.
//
//   node script/forge.mjs test …

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { main, UsageError } from "./lib/command.mjs";

const architectures = { x64: "amd64", arm64: "arm64" };

function forge() {
  const name = `@foundry-rs/forge-${process.platform}-${architectures[process.arch]}`;
  const file = process.platform === "win32" ? "forge.exe" : "forge";
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/${file}`);
  } catch {
    throw new UsageError(`${name} is missing; \`npm ci\` installs it where forge runs on this platform`);
  }
}

await main(() => {
  const { status, signal, error } = spawnSync(forge(), process.argv.slice(2), { stdio: "inherit" });
  if (error) throw new UsageError(`cannot run forge: ${error.message}`);
  if (signal) throw new UsageError(`forge was ended by ${signal}`);
  process.exitCode = status;
});
