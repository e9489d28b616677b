// The programs that are called: those of the contracts' scripts, and the relayer.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { run, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { program as known, repository } from "../../../verifier-sol/script/lib/programs.mjs";

let relayer;

/// The path of a program, which is built first where it has to be.
export function program(name) {
  if (name !== "relayer") return known(name);
  return (relayer ??= find());
}

function find() {
  const folder = process.env.ZKDKIM_BIN_DIR;
  if (folder) {
    const path = join(folder, "zkdkim-relayer");
    if (!existsSync(path)) throw new UsageError(`ZKDKIM_BIN_DIR has no zkdkim-relayer: ${path}`);
    return path;
  }
  const args = ["build", "--locked", "--message-format=json-render-diagnostics", "--package", "zkdkim-relayer", "--bin", "zkdkim-relayer"];
  const lines = run("cargo", args, { cwd: repository, stderr: "inherit" }).trim().split("\n");
  return lines.map((line) => JSON.parse(line)).findLast((message) => message.executable).executable;
}
