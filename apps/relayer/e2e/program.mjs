// The programs that are called: those of the contracts' scripts, and those of apps/.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, run, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { program as known, repository } from "../../../verifier-sol/script/lib/programs.mjs";

const own = {
  relayer: "zkdkim-relayer",
  "salt-node": "zkdkim-salt-node",
};
const found = new Map();

/// The path of a program, which is built first where it has to be.
export function program(name) {
  if (!own[name]) return known(name);
  if (!found.has(name)) found.set(name, find(own[name]));
  return found.get(name);
}

function find(name) {
  const folder = process.env.ZKDKIM_BIN_DIR;
  if (folder) {
    const path = join(folder, name);
    if (!existsSync(path)) throw new UsageError(`ZKDKIM_BIN_DIR has no ${name}: ${path}`);
    return path;
  }
  const json = "--message-format=json-render-diagnostics";
  const args = ["build", "--locked", json, "--package", name, "--bin", name];
  const lines = run("cargo", args, { cwd: repository, stderr: "inherit" }).trim().split("\n");
  return lines.map((line) => JSON.parse(line)).findLast((message) => message.executable).executable;
}

/// Runs `zkdkim` without blocking this process, which nodes may ask for names meanwhile; the result that it prints.
export function zkdkim(...args) {
  const child = spawn(program("zkdkim"), [...args, "--quiet", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (data) => (said[name] += data));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(said.stdout.trim().split("\n").at(-1)));
      else reject(new Failure(`zkdkim ${args.join(" ")}: ${said.stderr}${said.stdout}`));
    });
  });
}
