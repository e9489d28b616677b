// Compiled contracts: those of this folder as forge writes them, and generated verifiers as
// `zkdkim export-verifier` writes them, each with what its code on a chain must be.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keccak256, padHex, size } from "viem";
import { Failure, readJson, UsageError } from "./command.mjs";

const out = fileURLToPath(new URL("../../out", import.meta.url));

/// A contract of `contracts/` after `forge build`.
export function compiled(name) {
  const file = join(out, `${name}.sol`, `${name}.json`);
  if (!existsSync(file)) throw new UsageError(`${file} is missing; \`npm run build\` makes it`);
  const { abi, bytecode, deployedBytecode } = readJson(file);
  const immutables = Object.values(deployedBytecode.immutableReferences ?? {}).flat();
  const blank = (code) => zeroed(code, immutables);
  return {
    name,
    abi,
    initcode: bytecode.object,
    runtimeKeccak: keccak256(blank(deployedBytecode.object)),
    // Immutables are zero in what the compiler hands out.
    runtimeOf: (code) => keccak256(size(code) === size(deployedBytecode.object) ? blank(code) : code),
  };
}

/// The two contracts of a generated verifier, and what they say about themselves. `path` is a folder
/// that `zkdkim export-verifier` made, or a file with its artifacts.
export function generatedVerifier(path) {
  const folder = statOf(path).isDirectory();
  const file = folder ? join(path, "artifacts.json") : path;
  const artifacts = readJson(file);
  if (artifacts.format !== "zkdkim-solidity-verifier" || artifacts.version !== 1) {
    throw new UsageError(`${file} is not what \`zkdkim export-verifier\` writes`);
  }
  for (const contract of [artifacts.key, artifacts.verifier]) {
    expectDigest(file, contract.name, contract.runtime_keccak, keccak256(contract.runtime));
  }
  if (folder) {
    const digests = readJson(join(path, "digests.json"));
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    expectDigest("digests.json", "artifacts.json", digests.files["artifacts.json"], sha256);
    expectDigest("digests.json", "the verifier", digests.verifier_runtime_keccak, artifacts.verifier.runtime_keccak);
    expectDigest("digests.json", "the key", digests.key_runtime_keccak, artifacts.key.runtime_keccak);
    expectDigest("digests.json", "the verifying key", `0x${digests.vk_sha256}`, artifacts.key_digest);
  }
  const { key, verifier, circuit_id, key_digest, srs_kind } = artifacts;
  return {
    circuitId: circuit_id,
    keyDigest: key_digest,
    srsKind: srs_kind,
    key: { ...contract(key), runtimeOf: (code) => keccak256(code) },
    // The key's address is the verifier's one immutable.
    verifier: {
      ...contract(verifier),
      runtimeOf: (code, { key }) => {
        const word = padHex(key.toLowerCase(), { size: 32 }).slice(2);
        return keccak256(code.replaceAll(word, "0".repeat(word.length)));
      },
    },
  };
}

function contract({ name, abi, initcode, runtime_keccak }) {
  return { name, abi, initcode, runtimeKeccak: runtime_keccak };
}

function expectDigest(file, what, expected, got) {
  if (expected !== got) throw new Failure(`${file}: the digest of ${what} is ${got}, not ${expected}`);
}

function statOf(path) {
  try {
    return statSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error.message}`);
  }
}

function zeroed(code, places) {
  let digits = code.slice(2);
  for (const { start, length } of places) {
    digits = digits.slice(0, 2 * start) + "0".repeat(2 * length) + digits.slice(2 * (start + length));
  }
  return `0x${digits}`;
}
