/**
 * The files of a page by their digests, and the manifest that pins them.
 *
 *   node scripts/assets.mjs MODULE TABLE LAYOUT SRS VK
 *
 * MODULE is the module with its table cut out, TABLE where that belongs, SRS and VK what `zkdkim setup` made. Writes
 * dist/zkdkim/assets and dist/zkdkim/manifest.js; prints the digest of each file.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { brotliCompressSync, constants } from "node:zlib";

import { Head, OPERATIONS, newMemory } from "../src/module.js";

const [modulePath, table, layout, srsPath, keyPath] = process.argv.slice(2);
const dist = new URL("../dist/zkdkim/", import.meta.url);
const folder = new URL("assets/", dist);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const encode = (value) => new TextEncoder().encode(JSON.stringify(value));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function about(stem, extension, bytes) {
  const digest = sha256(bytes);
  return { name: `${stem}-${digest.slice(0, 16)}.${extension}`, bytes: bytes.length, sha256: digest };
}

function written(stem, extension, bytes) {
  const asset = about(stem, extension, bytes);
  writeFileSync(new URL(asset.name, folder), bytes);
  console.log(`${asset.sha256}  ${asset.name}  ${bytes.length} bytes`);
  return asset;
}

/** The same, and compressed, for servers that give what lies beside a file. Points do not compress. */
function compressed(stem, extension, bytes) {
  const asset = written(stem, extension, bytes);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(new URL(`${asset.name}.br`, folder), brotliCompressSync(bytes, { params }));
  return asset;
}

const code = readFileSync(modulePath);
const head = await Head.create(await WebAssembly.compile(code), newMemory(), Number(table));
head.start(0);

const srs = readFileSync(srsPath);
const key = readFileSync(keyPath);
// Reads both as a page will; the digest is that of the key's own header. That the points are the powers of one secret, which a page
// does not compute again, was checked by `zkdkim setup` before it made the key.
const { srs_sha256 } = head.json(OPERATIONS.loadVerifier, [encode({ layout, srsSha256: "" }), key]);
const loaded = head.json(OPERATIONS.load, [encode({ layout, srsSha256: srs_sha256 }), srs, key]);
const packed = head.run(OPERATIONS.pack, [srs]);
if (sha256(head.run(OPERATIONS.unpack, [packed])) !== sha256(srs)) throw new Error(`${srsPath} does not unpack to itself`);

const kind = loaded.insecure ? `insecure-dev-${layout}` : layout;
const manifest = {
  module: compressed("zkdkim", "wasm", code),
  table: Number(table),
  layouts: {
    [layout]: {
      packed: written(`srs-${kind}`, "packed", packed),
      srs: about(`srs-${kind}`, "srs", srs),
      srsSha256: srs_sha256,
      key: compressed(`vk-${kind}`, "vk", key),
      vkSha256: loaded.vk_sha256,
      insecure: loaded.insecure,
    },
  },
};
const text = `/** What was built together; made by scripts/web. */
export const manifest = ${JSON.stringify(manifest, null, 2)};
`;
writeFileSync(new URL("manifest.js", dist), text);
console.log(`${sha256(text)}  manifest.js`);
