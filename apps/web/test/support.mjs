/** What the tests of the page share. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const root = new URL("../../../", import.meta.url);
export const vector = (name) => fileURLToPath(new URL(`test-vectors/messages/${name}`, root));
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** The native program, where it was built, with the keys that the page's build made. */
const built = resolve(process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("target", root)));
export const cache = join(built, "web", "keys");
const places = [process.env.ZKDKIM_BIN_DIR && join(process.env.ZKDKIM_BIN_DIR, "zkdkim"), join(built, "debug", "zkdkim")];
export const program = places.find((path) => path && existsSync(path));
export const cli = (...args) => execFileSync(program, [...args, "--quiet"], { env: { ...process.env, ZKDKIM_CACHE: cache }, encoding: "utf8" });

/** No finding of axe in what is shown, and no value that should have been left out. */
export async function accessible(page, state) {
  assert.doesNotMatch(await page.innerText("main"), /\b(null|undefined|NaN)\b|\[object/, state);
  // Evaluated by the debugger, which the page's policy does not hold back.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], state);
}

/** A page of a site; `done` closes it, and nothing may have been thrown in it. */
export async function visit(site, path, context, prepare = async () => {}) {
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await prepare(page);
  await page.goto(site.url + path);
  await page.waitForSelector("h1");
  return { page, done: async () => (await page.close(), assert.deepEqual(errors, [])) };
}

/** Saves what a click downloads. */
export async function saved(page, click, path) {
  const download = page.waitForEvent("download");
  await page.click(click);
  await (await download).saveAs(path);
  return path;
}
