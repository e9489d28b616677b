/**
 * Cuts the table of the first 2^16 scalars out of the module: 2 MB that whoever loads it computes (src/module.js), as
 * zeros, which compress to nothing. Prints where in memory it belongs.
 *
 *   node scripts/cut-table.mjs IN OUT
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

import { imports, newMemory, writeTable } from "../src/module.js";

const [from, to] = process.argv.slice(2);
const module = readFileSync(from);
const scratch = { buffer: new ArrayBuffer(32 << 16) };
writeTable(scratch, 0);
const table = Buffer.from(scratch.buffer);

/** The one place of the table. */
function find(bytes, what) {
  const at = bytes.indexOf(table);
  // Two entries that are not zero say where a second copy would begin.
  const entries = table.subarray(32, 96);
  const others = [bytes.indexOf(entries), bytes.lastIndexOf(entries)];
  if (at < 0 || others.some((other) => other !== at + 32)) {
    throw new Error(`${from}: the table of scalars is not in its ${what} exactly once`);
  }
  return at;
}

const memory = newMemory();
await WebAssembly.instantiate(module, imports(memory, {}));
const address = find(Buffer.from(new Uint8Array(memory.buffer).slice().buffer), "memory");
const at = find(module, "bytes");
module.fill(0, at, at + table.length);
writeFileSync(to, module);
console.log(address);
