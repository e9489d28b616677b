// Writes ../statement.json: vectors of the statement's hashes, every hash value computed with
// circomlibjs. Run `npm ci && npm run vectors`; `--check` compares instead of writing.
//
// Inputs are made here from fixed texts and SHA-256, so that the file is reproducible.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { buildPoseidonReference } from "circomlibjs";

const poseidon = await buildPoseidonReference();
const { F } = poseidon;
const ORDER = F.p;
const DEPTH = 20;

const P = (a, b) => F.toObject(poseidon([a, b]));
const fold = (tag, items) => items.reduce(P, tag);
const hex = (n) => "0x" + n.toString(16).padStart(64, "0");
const sha256 = (data) => createHash("sha256").update(data).digest();
const fromBytes = (bytes) => BigInt("0x0" + Buffer.from(bytes).toString("hex"));

const tag = (text) => fromBytes(Buffer.from(text, "ascii"));
const TAGS = {
  email: "zkdkim/v1/EMAIL/5",
  nullifier: "zkdkim/v1/NULLIFIER/3",
  key: "zkdkim/v1/KEY/10",
  leaf: "zkdkim/v1/LEAF/3",
  seal: "zkdkim/v2/SEAL/2",
};

function pack(text, words) {
  const bytes = Buffer.alloc(words * 31);
  Buffer.from(text, "latin1").copy(bytes);
  return Array.from({ length: words }, (_, i) => fromBytes(bytes.subarray(31 * i, 31 * i + 31)));
}

const modulusWords = (n) =>
  Array.from({ length: 10 }, (_, i) => (n >> BigInt(224 * i)) & ((1n << 224n) - 1n));

// A 2,048-bit odd number; nobody needs its factors here.
function modulus(seed) {
  const blocks = Array.from({ length: 8 }, (_, i) => sha256(`${seed}/${i}`));
  return fromBytes(Buffer.concat(blocks)) | (1n << 2047n) | 1n;
}

const salt = (seed) => fromBytes(sha256(seed)) % ORDER;
const keyHash = (n) => fold(tag(TAGS.key), modulusWords(n));
const leaf = (domain, n) => fold(tag(TAGS.leaf), [...pack(domain, 2), keyHash(n)]);
const commitment = (s, address) => fold(tag(TAGS.email), [s, ...pack(address, 4)]);
const halves = (digest) => [fromBytes(digest.subarray(0, 16)), fromBytes(digest.subarray(16))];
const nullifier = (s, digest) => fold(tag(TAGS.nullifier), [s, ...halves(digest)]);

// A sealed Subject spells 32 bytes, big-endian, of a number that counts modulo the order.
const spell = (n) =>
  "zkdkim " + Buffer.from(n.toString(16).padStart(64, "0"), "hex").toString("base64url");

function root(leaves) {
  let level = leaves;
  let empty = 0n;
  for (let height = 0; height < DEPTH; height++) {
    const next = [];
    for (let i = 0; i < level.length; i += 2) next.push(P(level[i], level[i + 1] ?? empty));
    empty = P(empty, empty);
    level = next.length ? next : [empty];
  }
  return level[0];
}

const pairs = [
  [1n, 2n],
  [0n, 0n],
  [ORDER - 1n, ORDER - 1n],
  [salt("poseidon/a"), salt("poseidon/b")],
];
const texts = [
  ["", 1],
  ["a", 1],
  ["abcdefghijklmnopqrstuvwxyz01234", 1],
  ["abcdefghijklmnopqrstuvwxyz012345", 2],
  ["Recover 0x00 on 1 nonce 0", 6],
  ["~".repeat(186), 6],
];
const addresses = [
  "alice@example.com",
  "a@b.cc",
  "victim+x@gmail.com",
  `${"l".repeat(61)}@${"d".repeat(58)}.org`,
];
const keys = [
  ["example.com", modulus("key/0")],
  ["example.com", modulus("key/1")],
  ["example.org", modulus("key/0")],
  [`${"d".repeat(58)}.org`, modulus("key/2")],
];
const leaves = keys.map(([domain, n]) => leaf(domain, n));

const command = (seed) => fromBytes(sha256(seed)) >> 8n;
const seals = [
  [0n, 0n],
  [(1n << 248n) - 1n, ORDER - 1n],
  [command("command/0"), salt("blinding/0")],
  [command("command/0"), salt("blinding/1")],
  [command("command/1"), salt("blinding/0")],
];
const sealed = spell(command("command/2"));
const notSealed = [
  "",
  "zkdkim ",
  sealed.slice(0, -1),
  sealed + "A",
  sealed + "=",
  sealed + " ",
  " " + sealed,
  sealed.replace(" ", "  "),
  sealed.replace("zkdkim", "ZKDKIM"),
  sealed.slice(7),
  "zkdkim " + "+".repeat(43),
  "zkdkim " + "/".repeat(43),
  // The last character has two bits that belong to no byte.
  "zkdkim " + "A".repeat(42) + "B",
];

const vectors = {
  description: "Statement vectors of zkdkim, version 2; every hash is by circomlibjs",
  generator: "test-vectors/scripts/circomlib.mjs",
  circomlibjs: JSON.parse(readFileSync(new URL("package.json", import.meta.url))).dependencies
    .circomlibjs,
  tags: Object.fromEntries(
    Object.entries(TAGS).map(([name, text]) => [name, { text, element: hex(tag(text)) }]),
  ),
  poseidon: pairs.map(([a, b]) => ({ a: hex(a), b: hex(b), hash: hex(P(a, b)) })),
  packing: texts.map(([text, words]) => ({ text, words: pack(text, words).map(hex) })),
  commitments: addresses.map((address, i) => {
    const s = salt(`salt/${i}`);
    return { salt: hex(s), address, commitment: hex(commitment(s, address)) };
  }),
  nullifiers: [0, 1].map((i) => {
    const s = salt(`salt/${i}`);
    const digest = sha256(`header/${i}`);
    return {
      salt: hex(s),
      digest: "0x" + digest.toString("hex"),
      halves: halves(digest).map(hex),
      nullifier: hex(nullifier(s, digest)),
    };
  }),
  // All numbers below 2^256 that are the seal modulo the order spell it.
  seals: seals.map(([value, blinding]) => {
    const element = fold(tag(TAGS.seal), [value, blinding]);
    const numbers = [];
    for (let n = element; n < 1n << 256n; n += ORDER) numbers.push(n);
    return {
      command: hex(value),
      blinding: hex(blinding),
      seal: hex(element),
      subject: spell(element),
      spellings: numbers.map(spell),
      words: [value, 0n, 0n, 0n, 0n, 1n << 248n].map(hex),
    };
  }),
  not_sealed: notSealed,
  leaves: keys.map(([domain, n], i) => ({
    domain,
    modulus: "0x" + n.toString(16),
    words: modulusWords(n).map(hex),
    key_hash: hex(keyHash(n)),
    leaf: hex(leaves[i]),
  })),
  // The registry that holds the first `count` leaves, without those in `removed`.
  roots: [
    { count: 0, removed: [] },
    { count: 1, removed: [] },
    { count: 3, removed: [] },
    { count: 4, removed: [] },
    { count: 4, removed: [1] },
    { count: 4, removed: [0, 3] },
  ].map(({ count, removed }) => {
    const slots = leaves.slice(0, count).map((value, i) => (removed.includes(i) ? 0n : value));
    return { count, removed, root: hex(root(slots)) };
  }),
};

const file = new URL("../statement.json", import.meta.url);
const text = JSON.stringify(vectors, null, 2) + "\n";
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("statement.json differs from what circomlibjs gives");
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
}
process.exit(0); // circomlibjs keeps worker threads alive
