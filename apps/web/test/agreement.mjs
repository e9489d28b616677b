/**
 * Calls the test of the field's arithmetic that was built for WebAssembly; it traps where something differs.
 *
 *   node test/agreement.mjs MODULE
 */

import { readFileSync } from "node:fs";
import process from "node:process";

import { imports, newMemory } from "../src/module.js";

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
const { exports } = await WebAssembly.instantiate(module, imports(newMemory(), {}));
exports.agreement();
console.log("the field's arithmetic agrees with halo2curves, on vectors");
