/** The package in Node: every operation, its refusals, cancelling, and what the module can reach. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { ZkdkimError, open } from "../../dist/zkdkim/index.js";
import { manifest } from "../../dist/zkdkim/manifest.js";
import { Estimate } from "../../dist/zkdkim/estimate.js";
import { writeTable } from "../../dist/zkdkim/module.js";

const vectors = new URL("../../../../test-vectors/messages/", import.meta.url);
const vector = (name) => readFileSync(new URL(name, vectors));
const mail = vector("recovery.eml");
const registry = vector("registry.json");
const account = "0x00112233445566778899aabbccddeeff00112233";
const newKey = "0xffeeddccbbaa99887766554433221100ffeeddcc";

let zkdkim;
let salt;
let proved;

before(async () => {
  zkdkim = await open();
  salt = await zkdkim.salt();
});
after(() => zkdkim.close());

/** The error of a promise, which has to be one of ours. */
async function fault(promise) {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  assert.ok(error instanceof ZkdkimError, String(error?.stack));
  return error;
}

test("the module imports a memory, randomness, progress and the text of a panic, and nothing else", async () => {
  const bytes = readFileSync(new URL(`../../dist/zkdkim/assets/${manifest.module.name}`, import.meta.url));
  const names = WebAssembly.Module.imports(await WebAssembly.compile(bytes)).map(({ module, name }) => `${module}.${name}`);
  assert.deepEqual(names.sort(), ["env.memory", "page.failed", "page.progress", "page.random"]);
});

test("the table that the build cut out is i · 2^256 modulo r", () => {
  const r = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
  const memory = { buffer: new ArrayBuffer(32 << 16) };
  writeTable(memory, 0);
  const view = new DataView(memory.buffer);
  for (const i of [0, 1, 2, 5, 6, 255, 4097, 65534, 65535]) {
    const words = [0, 8, 16, 24].map((at) => view.getBigUint64(32 * i + at, true));
    const value = words.reduceRight((sum, word) => (sum << 64n) | word, 0n);
    assert.equal(value, (BigInt(i) << 256n) % r, `entry ${i}`);
  }
});

test("a layout over the development SRS says that it is insecure, by name as well", () => {
  assert.equal(zkdkim.layout.insecure, true);
  for (const { name } of [zkdkim.layout.srs, zkdkim.layout.packed, zkdkim.layout.key]) assert.match(name, /insecure-dev/);
});

test("inspect reports every rule, from a registry and from key records alike", async () => {
  const report = await zkdkim.inspect(mail, { registry });
  assert.equal(report.verdict, "provable");
  assert.equal(report.address, "alice@example.com");
  assert.equal(report.holds, "message");
  assert.ok(report.rules.every(({ outcome, clause }) => outcome === "pass" && /^\d+\.\d+$/.test(clause)));
  const again = await zkdkim.inspect(new Blob([mail]), { dns: vector("dns.json") });
  assert.deepEqual(again, report);
});

test("every refused message is refused for its rule, with its clause, by inspect and by prove", async () => {
  const { messages } = JSON.parse(vector("manifest.json"));
  const expected = new Map(messages.map((entry) => [entry.file, entry]));
  for (const name of readdirSync(vectors).filter((name) => name.startsWith("refused-"))) {
    const report = await zkdkim.inspect(vector(name), { dns: vector("dns.json") });
    assert.equal(report.verdict, "refused", name);
    assert.ok(report.rule && report.clause && report.detail && report.title, name);
    const rule = expected.get(name)?.expected.clause;
    if (rule) assert.equal(report.rule, rule, name);
    const error = await fault(zkdkim.prove(vector(name), salt, registry));
    assert.equal(error.verdict, "refused", name);
  }
});

test("a Subject that is not the wanted one is refused before anything is proved", async () => {
  const command = { account, chain: 1, nonce: 1, newKey };
  const error = await fault(zkdkim.prove(mail, salt, registry, { command }));
  assert.deepEqual([error.verdict, error.rule], ["refused", "unexpected"]);
  assert.match(error.hint, /nonce 1 to/);
  const report = await zkdkim.inspect(mail, { registry }, { command: { ...command, nonce: 0n } });
  assert.equal(report.verdict, "provable");
});

test("arguments that are none are named", async () => {
  const cases = [
    [() => zkdkim.prove(mail, "{}", registry), "salt-file"],
    [() => zkdkim.prove(mail, salt, "[]"), "registry-file"],
    [() => zkdkim.inspect(mail, { registry }, { command: { account: "0x1", chain: 1, nonce: 0 } }), "input"],
    [() => zkdkim.inspect(mail, { registry }, { command: { account, chain: -1, nonce: 0 } }), "input"],
    [() => zkdkim.inspect(mail, { registry }, { unknown: 1 }), "input"],
    [() => zkdkim.inspect(mail, { registry }, { clock: () => 0 }), "input"],
    [() => zkdkim.inspect(mail, { registry }, { command: {} }), "input"],
    [() => zkdkim.inspect(mail, { registry }, { command: { newOwner: account } }), "input"],
    [() => zkdkim.inspect(mail, { dns: "?" }), "input"],
    [() => zkdkim.commitment("Ann <ann@example.org>", salt), "input"],
    [() => zkdkim.subject({ sealed: true, command: { account, chain: 1, nonce: 0 } }), "input"],
    [() => zkdkim.verify("{}", { allowInsecureDev: true }), "proof-file"],
    [() => open({ layout: "none" }), "layout"],
  ];
  for (const [run, rule] of cases) {
    const error = await fault(run());
    assert.equal(error.rule, rule, error.message);
    assert.ok(!error.message.includes(JSON.parse(salt).salt.slice(2, 20)));
  }
});

test("what a caller gave is the caller's as before", async () => {
  // Longer than what Node keeps in one memory with other buffers.
  const given = Buffer.concat([mail, Buffer.alloc(1 << 16, "\r\n")]);
  const views = [given, new Uint8Array(given), new Uint8Array(given).buffer];
  for (const view of views) {
    assert.equal((await zkdkim.inspect(view, { registry }, { acceptChangedBody: true })).verdict, "provable");
    assert.deepEqual(Buffer.from(view), given);
  }
  assert.equal(given.length, mail.length + (1 << 16));
});

test("commitments do not depend on the case of an address, and do on the salt", async () => {
  const { address, commitment } = await zkdkim.commitment("Ann@Example.org", salt);
  assert.equal(address, "ann@example.org");
  assert.equal((await zkdkim.commitment("ann@example.org", salt)).commitment, commitment);
  assert.notEqual((await zkdkim.commitment("ann@example.org", await zkdkim.salt())).commitment, commitment);
});

test("Subjects are those of the contract; sealed ones differ every time and open to their command", async () => {
  const command = { account, chain: 1n, nonce: 7, newKey };
  const { subject } = await zkdkim.subject({ command });
  assert.equal(subject, `Recover ${account} on 1 nonce 7 to ${newKey}`);
  assert.equal((await zkdkim.subject({ command: { account, chain: 1, nonce: 7, cancel: true } })).subject, `Cancel ${account} on 1 nonce 7`);
  const passkey = await zkdkim.subject({ command: { account, chain: 1, nonce: 7, newOwner: `0x${"22".repeat(84)}` } });
  assert.equal(passkey.subject, `Recover ${account} on 1 nonce 7 to 0xbfa295dd86670d0f3dff72a8db1ee271ec2e65a8935586bf14dcca201e080924`);
  const sealed = () => zkdkim.subject({ command, sealed: true, contract: account });
  const [one, other] = [await sealed(), await sealed()];
  assert.notEqual(one.subject, other.subject);
  assert.equal(one.command, other.command);
  assert.equal(JSON.parse(one.sealing).command, one.command);
});

test("a proof is made with progress that only grows, and verifies for what it says", async () => {
  const seen = [];
  proved = await zkdkim.prove(mail, salt, registry, { onProgress: (progress) => seen.push(progress) });
  const steps = [...new Set(seen.map(({ step }) => step))];
  assert.deepEqual(steps.slice(-3), ["witness", "prove", "verify"]);
  seen.forEach(({ fraction }, i) => assert.ok(fraction >= (seen[i - 1]?.fraction ?? 0) && fraction < 1));
  const { commitment, registry_root: root, nullifier, subject } = proved.public;
  assert.equal((await zkdkim.commitment("alice@example.com", salt)).commitment, commitment);
  const expected = { allowInsecureDev: true, commitment, root, nullifier, subject };
  const verified = await zkdkim.verify(proved.file, expected);
  assert.deepEqual(verified.unchecked, ["command", "not-before"]);
  assert.equal(verified.vk_sha256, zkdkim.layout.vkSha256);
});

test("a proof over the development SRS, an altered one and one for something else are refused", async () => {
  const { file } = proved;
  assert.equal((await fault(zkdkim.verify(file))).rule, "insecure-srs");
  const other = await fault(zkdkim.verify(file, { allowInsecureDev: true, subject: "Recover all" }));
  assert.deepEqual([other.verdict, other.rule], ["invalid", "unexpected"]);
  const json = JSON.parse(file);
  // A scalar in the middle, in proof and calldata alike.
  const at = json.proof.length - 400;
  const piece = json.proof.slice(at, at + 64);
  const altered = piece.slice(0, 63) + (piece[63] === "0" ? "1" : "0");
  const bad = await fault(zkdkim.verify(file.replaceAll(piece, altered), { allowInsecureDev: true }));
  assert.equal(bad.verdict, "invalid");
});

test("cancelling ends the work at once, and the next call works", async () => {
  const abort = new AbortController();
  let waiting;
  const onProgress = ({ step }) => {
    if (step === "witness") waiting = zkdkim.inspect(mail, { registry }).catch((error) => error);
    if (step === "prove") abort.abort();
  };
  const error = await zkdkim.prove(mail, salt, registry, { onProgress, signal: abort.signal }).catch((error) => error);
  assert.equal(error.name, "AbortError");
  // The workers are gone, so what waited in them is not answered.
  assert.equal((await waiting).name, "AbortError");
  assert.equal((await zkdkim.inspect(mail, { registry })).verdict, "provable");
  const before = await zkdkim.inspect(mail, { registry }, { signal: AbortSignal.abort() }).catch((error) => error);
  assert.equal(before.name, "AbortError");
});

test("what is closed says so", async () => {
  const closed = await open();
  closed.close();
  assert.equal((await fault(closed.salt())).rule, "closed");
});

test("an estimate leaves out what is not needed, and never goes back", () => {
  const seen = [];
  const estimate = new Estimate("prove", (progress) => seen.push(progress.fraction));
  estimate.advance({ step: "witness", done: 0, total: 1 });
  for (let done = 0; done < 8; done++) estimate.advance({ step: "prove", done, total: 8 });
  estimate.advance({ step: "prove", done: 2, total: 8 });
  assert.equal(seen[0], 0);
  seen.forEach((fraction, i) => assert.ok(fraction >= (seen[i - 1] ?? 0)));
  assert.ok(seen.at(-1) > 0.7);
});
