// What every command here shares: exit codes, child processes, files that appear whole.
//
// Exit codes: 0 done, 1 something does not hold, 2 usage or environment.

import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/// A failure that is explained by its message alone.
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/// A failure of the arguments or the environment.
export class UsageError extends Failure {
  constructor(message) {
    super(message, 2);
  }
}

/// Runs a command's main function and turns what it throws into an exit code.
export async function main(run) {
  try {
    await run();
  } catch (error) {
    const known = error instanceof Failure;
    console.error(known ? `error: ${error.message}` : error);
    process.exitCode = known ? error.exitCode : 2;
  }
}

/// Runs a program to its end and returns what it wrote to standard output. Standard error becomes part of
/// the failure, if there is one; with `stderr: "inherit"` it is shown at once.
export function run(program, args, { input, cwd, env, stderr = "pipe" } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    input,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", stderr],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (result.error) throw new UsageError(`cannot run ${program}: ${result.error.message}`);
  if (result.status !== 0) {
    const said = ((result.stderr ?? "") + result.stdout).trim();
    const ended = result.signal ?? `exit code ${result.status}`;
    throw new Failure(`${basename(program)} ${args.join(" ")}: ${ended}\n${said}`);
  }
  return result.stdout;
}

export function readJson(path) {
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error.message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${error.message}`);
  }
}

/// Writes a JSON file so that a reader sees the old content or the new one whole.
export function writeJson(path, value) {
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    const file = openSync(part, "wx");
    try {
      writeSync(file, JSON.stringify(value, null, 2) + "\n");
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw new UsageError(`cannot write ${path}: ${error.message}`);
  }
}
