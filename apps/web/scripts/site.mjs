/**
 * Puts the package and the page together in dist: sources as they are, and what depends on their bytes.
 *
 *   node scripts/site.mjs REGISTRY [SITE]
 *
 * REGISTRY is the key registry that the page checks mails against; SITE what the page is told of chains, relayer and salt
 * nodes (docs/web.md).
 */

import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

import { build } from "esbuild";

const [registry, site] = process.argv.slice(2);
const here = new URL("../", import.meta.url);
const dist = new URL("dist/", here);
cpSync(new URL("src/", here), new URL("zkdkim/", dist), { recursive: true });
const sources = fileURLToPath(new URL("page/vendor/", here));
cpSync(new URL("page/", here), dist, { recursive: true, filter: (path) => !`${path}/`.startsWith(sources) });
// What the page takes of viem, in one file.
const viem = fileURLToPath(new URL("vendor/viem.js", dist));
const entryPoints = [`${sources}viem.src.js`];
await build({ entryPoints, outfile: viem, bundle: true, format: "esm", minify: true, target: "es2022", legalComments: "inline" });
writeFileSync(`${viem}.br`, brotliCompressSync(readFileSync(viem)));
for (const license of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(new URL(`../../${license}`, here), new URL(`zkdkim/${license}`, dist));
}
cpSync(registry, new URL("registry.json", dist));
writeFileSync(new URL("site.json", dist), site === undefined ? '{ "chains": {} }\n' : readFileSync(site));

// What the page needs without a network; the module and the keys keep themselves.
const files = ["", "texts/", "vendor/", "zkdkim/"]
  .flatMap((folder) => readdirSync(new URL(folder, dist)).map((name) => `${folder}${name}`))
  .filter((file) => /\.(html|css|js|json|svg)$/.test(file) && file !== "sw.js")
  .sort();
const template = readFileSync(new URL("page/sw.js", here), "utf8");
const hash = createHash("sha256").update(template);
for (const file of files) {
  const bytes = readFileSync(new URL(file, dist));
  hash.update(`\0${file}\0${bytes.length}\0`).update(bytes);
}
const version = hash.digest("hex");
const worker = template
  .replace('"VERSION"', JSON.stringify(version.slice(0, 16)))
  .replace('["FILES"]', JSON.stringify(["./", ...files]));
writeFileSync(new URL("sw.js", dist), worker);
console.log(`${version}  page`);
