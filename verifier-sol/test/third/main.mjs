// Hex on stdin, a line each: first a key, then batches as `inputs:proof` joined by `,` (one or more), inputs and
// proof as words without separators. For each batch a line: valid, invalid, or what is malformed.
import { createInterface } from "node:readline";
import { Malformed, readKey, verifyBatch } from "./verifier.mjs";

const bytes = (hex) => Buffer.from(hex, "hex");
const words = (hex) => (hex.match(/.{64}/g) ?? []).map((w) => BigInt("0x" + w));
const item = (text) => {
  const [inputs, proof] = text.split(":");
  return { inputs: words(inputs), proof: bytes(proof) };
};

let key;
for await (const line of createInterface({ input: process.stdin })) {
  if (key === undefined) {
    key = readKey(bytes(line));
    continue;
  }
  try {
    console.log(verifyBatch(key, line.split(",").map(item)) ? "valid" : "invalid");
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    console.log(error.message);
  }
}
