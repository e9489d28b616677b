/**
 * Calls the tests that were built as a module for WebAssembly; they trap where something differs.
 *
 *   node test/vectors.mjs MODULE
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";

import { imports, newMemory } from "../src/module.js";

const path = process.argv[2];
const module = await WebAssembly.compile(readFileSync(path));
const { exports } = await WebAssembly.instantiate(module, imports(newMemory(), {}));
const name = basename(path, ".wasm");
exports[name]();
console.log(`${name}: what is computed on vectors is what is known`);
