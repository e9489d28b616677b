// The programs of this repository that the scripts call.
//
// ZKDKIM_BIN_DIR names a folder of programs that are built already (target/debug, say); otherwise
// cargo builds what is needed.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, UsageError } from "./command.mjs";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));

const known = {
  // The prover's command line.
  zkdkim: { file: "zkdkim", cargo: ["--package", "zkdkim", "--bin", "zkdkim"] },
  // Signs messages as the providers of the test vectors.
  signer: {
    file: "examples/make_test_vectors",
    cargo: ["--package", "zkdkim-relation", "--example", "make_test_vectors"],
  },
  // Makes and uses a threshold ECDSA key.
  threshold: {
    file: "zkdkim-threshold",
    cargo: ["--package", "zkdkim-threshold", "--bin", "zkdkim-threshold"],
  },
};

const paths = new Map();

/// The path of a program, which is built first where it has to be.
export function program(name) {
  if (!paths.has(name)) paths.set(name, find(known[name]));
  return paths.get(name);
}

function find({ file, cargo }) {
  const folder = process.env.ZKDKIM_BIN_DIR;
  if (folder) {
    const path = join(folder, file);
    if (!existsSync(path)) throw new UsageError(`ZKDKIM_BIN_DIR has no ${file}: ${path}`);
    return path;
  }
  const args = ["build", "--locked", "--message-format=json-render-diagnostics", ...cargo];
  const lines = run("cargo", args, { cwd: repository, stderr: "inherit" }).trim().split("\n");
  return lines.map((line) => JSON.parse(line)).findLast((message) => message.executable).executable;
}
