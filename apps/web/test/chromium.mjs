/** Debian's Chromium under playwright-core, or why there is none. */

import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { chromium } from "playwright-core";

import { server } from "../scripts/serve.mjs";

/** Where it lies; `CHROMIUM` names another. */
function path() {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The reason why browser tests are not run here; undefined where they are. */
export const missing = path() === undefined ? "there is no Chromium: apt-get install chromium, or name one in CHROMIUM" : undefined;

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A profile of its own, which goes away with it: a visitor who comes for the first time. */
export async function browse(options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-web-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: path(),
    headless: true,
    args: ARGUMENTS,
    acceptDownloads: true,
    ...options,
  });
  // The machine may be busy.
  context.setDefaultTimeout(240_000);
  return {
    context,
    async close() {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server of dist on a port of its own. */
export async function serve(how) {
  const listening = server(how);
  await new Promise((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${listening.address().port}/`,
    close: () => {
      listening.closeAllConnections();
      return new Promise((resolve) => listening.close(resolve));
    },
  };
}
