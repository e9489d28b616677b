/**
 * What a first visit loads and what a proof costs, in Chromium.
 *
 *   node scripts/bench.mjs [--json]
 *
 * Seconds of CPU are those of the renderer's process, which holds page and workers; its memory is the peak of its resident
 * set, with what it shares with other processes (`peak_mb`), which is what its user has to spare.
 */

import { readFileSync, readdirSync } from "node:fs";
import process from "node:process";

import { browse, missing, serve } from "../test/chromium.mjs";

const NAMES = {
  prove_wall_s: "proof, wall time, all threads",
  prove_cpu_s: "proof, CPU seconds, all threads",
  peak_mb: "renderer's peak, MiB",
  code_mb: "module, compressed",
  first_visit_mb: "first visit, compressed",
  second_visit_ready_s: "second visit until ready to prove",
  second_visit_cpu_s: "the same in CPU seconds, which a busy machine does not change",
  one_thread_cpu_s: "proof on one thread, CPU seconds",
  longest_task_ms: "longest task of the main thread while it proves",
};

if (missing) {
  console.log(process.argv.includes("--json") ? JSON.stringify({ not_run: missing }) : `not run: bench: ${missing}`);
  process.exit(0);
}

/** CPU seconds and peak of the resident set of the processes below this one that render. */
function renderers() {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (!command.includes("--type=renderer") || !command.includes("zkdkim-web-")) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const peak = Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024;
      found.push({ pid, cpu: (Number(stat[11]) + Number(stat[12])) / 100, peak });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** All of this run's: a renderer's command line names the profile that it is of. */
const cpu = () => renderers().reduce((sum, { cpu }) => sum + cpu, 0);

const messages = new URL("../../../test-vectors/messages/", import.meta.url);
const mail = readFileSync(new URL("recovery.eml", messages), "utf8");
const registry = readFileSync(new URL("registry.json", messages), "utf8");

/** A page with the package opened; `bytes` counts what crossed the wire. */
async function visit(context, url, threads) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const seen = { bytes: 0, module: 0 };
  context.on("requestfinished", async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes().catch(() => ({ responseBodySize: 0, responseHeadersSize: 0 }));
    seen.bytes += responseBodySize + responseHeadersSize;
    if (request.url().endsWith(".wasm")) seen.module = responseBodySize;
  });
  const [started, before] = [Date.now(), cpu()];
  await page.goto(url);
  await page.evaluate(
    async ({ threads }) => {
      const { open } = await import("./zkdkim/index.js");
      globalThis.zkdkim = await open(threads === undefined ? {} : { threads });
      await globalThis.zkdkim.prepare();
    },
    { threads },
  );
  return { page, seen, ready: (Date.now() - started) / 1000, cpu: cpu() - before };
}

/** Wall and CPU seconds of a proof, and the longest task of the page meanwhile. */
async function prove(page) {
  const before = cpu();
  const report = await page.evaluate(
    async ({ mail, registry }) => {
      let longest = 0;
      const observer = new PerformanceObserver((list) => list.getEntries().forEach((task) => (longest = Math.max(longest, task.duration))));
      observer.observe({ type: "longtask" });
      const salt = await globalThis.zkdkim.salt();
      const started = performance.now();
      const { file } = await globalThis.zkdkim.prove(mail, salt, registry);
      const wall = (performance.now() - started) / 1000;
      await globalThis.zkdkim.verify(file, { allowInsecureDev: true });
      observer.disconnect();
      return { wall, longest };
    },
    { mail, registry },
  );
  return { ...report, cpu: cpu() - before };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const site = await serve();
const lonely = await serve({ isolated: false });
const figures = {};
let first = await browse();
try {
  const { page, seen } = await visit(first.context, site.url);
  // The service worker fetches the page once more, for later; it is counted.
  await page.waitForFunction(() => navigator.serviceWorker.ready.then(() => true));
  await page.waitForTimeout(2000);
  figures.code_mb = seen.module / 1e6;
  figures.first_visit_mb = seen.bytes / 1e6;
  await page.close();

  const again = await visit(first.context, site.url);
  figures.second_visit_ready_s = again.ready;
  figures.second_visit_cpu_s = again.cpu;
  await prove(again.page);
  const proofs = [];
  for (let i = 0; i < 3; i++) proofs.push(await prove(again.page));
  figures.prove_wall_s = median(proofs.map(({ wall }) => wall));
  figures.prove_cpu_s = median(proofs.map(({ cpu }) => cpu));
  figures.longest_task_ms = Math.max(...proofs.map(({ longest }) => longest));
  figures.peak_mb = Math.max(...renderers().map(({ peak }) => peak));
} finally {
  await first.close();
}

first = await browse();
try {
  const { page } = await visit(first.context, lonely.url);
  await prove(page);
  figures.one_thread_cpu_s = (await prove(page)).cpu;
} finally {
  await first.close();
  await Promise.all([site.close(), lonely.close()]);
}

const rounded = Object.fromEntries(Object.keys(NAMES).map((name) => [name, Math.round(figures[name] * 1000) / 1000]));
if (process.argv.includes("--json")) console.log(JSON.stringify(rounded));
else for (const [name, words] of Object.entries(NAMES)) console.log(`${name.padEnd(22)} ${String(rounded[name]).padStart(8)}  ${words}`);
