// The launcher of forge: a failure of forge is a failure here.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../script/forge.mjs", import.meta.url));
const forge = (...args) => spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });

test("ends with 0 where forge does", () => {
  const { status, stdout } = forge("--version");
  assert.match(stdout, /^forge Version: 1\.7\.1/);
  assert.equal(status, 0);
});

test("ends as forge ends where it fails", () => {
  const { status, stderr } = forge("test", "--no-such-option");
  assert.match(stderr, /--no-such-option/);
  assert.notEqual(status, 0);
});
