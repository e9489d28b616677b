/**
 * Puts the package and the page together in dist: sources as they are, and what depends on their bytes.
 *
 *   node scripts/site.mjs REGISTRY
 *
 * REGISTRY is the key registry that the page checks mails against.
 */

import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import process from "node:process";

const [registry] = process.argv.slice(2);
const here = new URL("../", import.meta.url);
const dist = new URL("dist/", here);
cpSync(new URL("src/", here), new URL("zkdkim/", dist), { recursive: true });
cpSync(new URL("page/", here), dist, { recursive: true });
for (const license of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(new URL(`../../${license}`, here), new URL(`zkdkim/${license}`, dist));
}
cpSync(registry, new URL("registry.json", dist));

// What the page needs without a network; the module and the keys keep themselves.
const files = ["", "zkdkim/"]
  .flatMap((folder) => readdirSync(new URL(folder, dist)).map((name) => `${folder}${name}`))
  .filter((file) => /\.(html|css|js|json|svg)$/.test(file) && file !== "sw.js")
  .sort();
const hash = createHash("sha256");
files.forEach((file) => hash.update(file).update(readFileSync(new URL(file, dist))));
const version = hash.digest("hex");
const worker = readFileSync(new URL("page/sw.js", here), "utf8")
  .replace('"VERSION"', JSON.stringify(version.slice(0, 16)))
  .replace('["FILES"]', JSON.stringify(["./", ...files]));
writeFileSync(new URL("sw.js", dist), worker);
console.log(`${version}  page`);
