// The deploy script: what it refuses, and that it can be run again.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { startChain } from "../../script/lib/anvil.mjs";
import { devContracts } from "../../script/lib/prover.mjs";

const script = fileURLToPath(new URL("../../script/deploy.mjs", import.meta.url));
const proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const owner = "0x00000000000000000000000000000000000a11ce";
const key = generatePrivateKey();

let chain;
let folder;
before(async () => {
  chain = await startChain(31337);
  folder = mkdtempSync(join(tmpdir(), "zkdkim-deploy-"));
  await chain.client.setBalance({ address: privateKeyToAccount(key).address, value: parseEther("10") });
});
after(() => {
  chain.stop();
  rmSync(folder, { recursive: true, force: true });
});

/// Runs the script; an option of null is left out, of true has no value.
function deploy(options = {}, { privateKey = key } = {}) {
  const all = {
    rpc: chain.url,
    verifier: devContracts,
    "registry-owner": owner,
    out: join(folder, "deployment.json"),
    "accept-insecure-dev": true,
    ...options,
  };
  const args = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : value === true ? [`--${name}`] : [`--${name}`, value],
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    env: { ...process.env, DEPLOYER_PRIVATE_KEY: privateKey },
  });
  return { status, stdout, stderr };
}

function refuses(outcome, status, pattern) {
  assert.equal(outcome.status, status, outcome.stderr);
  assert.match(outcome.stderr, pattern);
  assert.doesNotMatch(outcome.stderr, /\n +at /, "no stack trace");
}

/// A copy of the exported verifier that `change` alters; digests.json fits the unaltered one.
function exported(name, change) {
  const path = join(folder, name);
  mkdirSync(path);
  cpSync(devContracts, join(path, "artifacts.json"));
  const text = readFileSync(devContracts, "utf8");
  const artifacts = JSON.parse(text);
  const digests = {
    vk_sha256: artifacts.key_digest.slice(2),
    verifier_runtime_keccak: artifacts.verifier.runtime_keccak,
    key_runtime_keccak: artifacts.key.runtime_keccak,
    files: { "artifacts.json": createHash("sha256").update(text).digest("hex") },
  };
  change?.(artifacts, digests);
  if (change) writeFileSync(join(path, "artifacts.json"), JSON.stringify(artifacts));
  writeFileSync(join(path, "digests.json"), JSON.stringify(digests));
  return path;
}

test("usage errors are told before anything is sent", () => {
  refuses(deploy({ out: null }), 2, /--out is missing/);
  refuses(deploy({ "registry-owner": "0x1234" }), 2, /no address/);
  refuses(deploy({ "registry-delay": "soon" }), 2, /no number of seconds/);
  refuses(deploy({ surprise: true }), 2, /surprise/);
  refuses(deploy({}, { privateKey: "0x12" }), 2, /DEPLOYER_PRIVATE_KEY/);
  refuses(deploy({ rpc: "http://127.0.0.1:1" }), 2, /no node answers/);
  refuses(deploy({ verifier: join(folder, "nothing") }), 2, /cannot read/);
  refuses(deploy({ verifier: fileURLToPath(new URL("../../package.json", import.meta.url)) }), 2, /export-verifier/);
});

test("an insecure verifier needs its flag", () => {
  refuses(deploy({ "accept-insecure-dev": null }), 1, /anybody can forge/);
});

test("artifacts must have the exported digests", () => {
  const otherCode = exported("other-code", ({ verifier }) => {
    verifier.runtime = verifier.runtime.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  });
  refuses(deploy({ verifier: otherCode }), 1, /digest of InsecureDevVerifier/);
  const otherFile = exported("other-file", ({ verifier }) => (verifier.source += " "));
  refuses(deploy({ verifier: otherFile }), 1, /digest of artifacts\.json/);
  const otherKey = exported("other-key", (_, digests) => {
    digests.files["artifacts.json"] = createHash("sha256").update(readFileSync(devContracts)).digest("hex");
    digests.vk_sha256 = "0".repeat(64);
  });
  writeFileSync(join(otherKey, "artifacts.json"), readFileSync(devContracts));
  refuses(deploy({ verifier: otherKey }), 1, /digest of the verifying key/);
});

test("an entry point must be a contract", () => {
  refuses(deploy({ "entry-point": owner }), 1, /entry point has no code/);
});

test("a deployer without money gets a short answer", () => {
  refuses(deploy({}, { privateKey: generatePrivateKey() }), 1, /insufficient|exceeds the balance/i);
});

test("deploys, and changes nothing when it is run again", async () => {
  const out = join(folder, "deployment.json");
  const first = deploy({ verifier: exported("fine") });
  assert.equal(first.status, 0, first.stderr);
  const text = readFileSync(out, "utf8");
  const deployment = JSON.parse(text);
  assert.equal(deployment.chainId, 31337);
  assert.equal(deployment.srs, "insecure-dev");
  for (const { address } of Object.values(deployment.contracts)) {
    assert.ok(await chain.client.getCode({ address }), address);
  }
  const again = deploy();
  assert.equal(again.status, 0, again.stderr);
  assert.doesNotMatch(again.stdout, / gas\n/);
  assert.equal(readFileSync(out, "utf8"), text);
  assert.deepEqual(readdirSync(folder).filter((name) => name.includes(".part")), []);

  const address = deployment.contracts.KeyRegistryRoots.address;
  const code = await chain.client.getCode({ address });
  await chain.client.setCode({ address, bytecode: `${code.slice(0, -2)}ff` });
  refuses(deploy(), 1, /code of KeyRegistryRoots .* has the digest/);
  await chain.client.setCode({ address, bytecode: code });
});

test("addresses of another chain are kept", () => {
  const out = join(folder, "other-chain.json");
  writeFileSync(out, JSON.stringify({ chainId: 1 }));
  refuses(deploy({ out }), 2, /another chain/);
  assert.equal(readFileSync(out, "utf8"), '{"chainId":1}');
});

test("says what is missing without the deployment proxy", async () => {
  const code = await chain.client.getCode({ address: proxy });
  await chain.client.setCode({ address: proxy, bytecode: "0x" });
  refuses(deploy(), 1, /deployment proxy is not at/);
  await chain.client.setCode({ address: proxy, bytecode: "0x00" });
  refuses(deploy(), 1, /another contract is/);
  await chain.client.setCode({ address: proxy, bytecode: code });
});
