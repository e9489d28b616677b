// What the documents quote is what is tested.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");

test("docs/contracts.md quotes the examples as they are", () => {
  const document = read("../../../docs/contracts.md");
  for (const example of ["Wallet.sol", "relay.ts"]) {
    assert.ok(document.includes(`\n${read(`../examples/${example}`)}\`\`\``), `${example} is quoted in full`);
  }
});
