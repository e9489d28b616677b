// The scripts' order of the public inputs is that of the contracts. Needs `npm run build`.
//
//   node --test test/script/

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeAbiParameters, encodeAbiParameters } from "viem";
import { compiled } from "../../script/lib/artifacts.mjs";
import { column, named } from "../../script/lib/inputs.mjs";

const { inputs } = compiled("IRecoveryProofVerifier").abi.find(({ name }) => name === "verify");
const words = Array.from({ length: 10 }, (_, i) => BigInt(i + 1));

test("names are those of the struct, place by place", () => {
  const encoded = encodeAbiParameters([{ type: "uint256[10]" }], [words]);
  const [decoded] = decodeAbiParameters([inputs[0]], encoded);
  assert.deepEqual(named(words), decoded);
});

test("the column is what the names came from", () => {
  assert.deepEqual(column(named(words)), words);
});
