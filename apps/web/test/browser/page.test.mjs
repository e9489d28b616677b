/** The page in Chromium: both journeys, damaged caches, no network, cancelling, large mails, and who can use it. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { open } from "../../dist/zkdkim/index.js";
import { browse, missing, serve } from "../chromium.mjs";
import { dns, signed } from "../mails.mjs";
import { missing as untranslated } from "../../page/texts.js";
import { shot } from "../shots.mjs";
import { accessible, cli, program, saved, vector, visit as visitSite } from "../support.mjs";

const account = "0x00112233445566778899aabbccddeeff00112233";
const newKey = "0xffeeddccbbaa99887766554433221100ffeeddcc";

test("every text has each language", () => assert.deepEqual(untranslated, { en: [], de: [] }));

/** Workers end a little later than they are told to. */
async function noWorkers(page, why) {
  for (let i = 0; i < 100 && page.workers().length > 0; i++) await page.waitForTimeout(100);
  assert.equal(page.workers().length, 0, why);
}

describe("in Chromium", { skip: missing === undefined ? false : `not run: ${missing}` }, () => {
  let site;
  let browser;
  let folder;
  let saltFile;
  /** Files whose bytes the server changes: path to how often. */
  const damaged = new Map();
  const requests = new Set();
  /** Other sites that tests serve. */
  const others = new Set();
  /** What the host has put in the place of a file. */
  const replaced = new Map();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "zkdkim-web-test-"));
    const change = (path, body) => {
      if (replaced.has(path)) return replaced.get(path);
      const times = [...damaged.keys()].find((end) => path.endsWith(end));
      if (body === undefined || times === undefined || damaged.get(times) === 0) return undefined;
      damaged.set(times, damaged.get(times) - 1);
      const bad = Buffer.from(body);
      bad[bad.length >> 1] ^= 1;
      return bad;
    };
    site = await serve({ change });
    browser = await browse({ locale: "en-GB", viewport: { width: 720, height: 860 } });
    browser.context.on("request", (request) => requests.add(new URL(request.url()).origin));
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const visit = (path = "#check", context = browser.context) => visitSite(site, path, context);
  const give = (page, file) => page.setInputFiles("main input[type=file] >> nth=0", file);

  test("a guardian's salt is saved, and its commitment is that of the command line", async (t) => {
    const { page, done } = await visit("#guardian");
    await page.getByLabel("E-mail address").fill("alice@example.com");
    await page.click("text=Compute the commitment");
    await page.waitForSelector("text=there is no salt yet");
    saltFile = await saved(page, "text=Make a salt and save it", join(folder, "salt.json"));
    await page.getByLabel("E-mail address").fill("Alice@Example.com");
    await page.click("text=Compute the commitment");
    const commitment = await page.textContent("output");
    await accessible(page, "guardian");
    if (program === undefined) t.diagnostic("not run: the command line is not built");
    else assert.equal(cli("commit", "alice@example.com", "--salt-file", saltFile).trim(), commitment);
    await done();
  });

  test("set up: an owner's list of guardians, each with a salt of its own", async (t) => {
    const { page, done } = await visit("#setup");
    await page.click("text=Make salts and commitments");
    await page.waitForSelector("text=there is no address");
    await page.getByLabel("Guardians' e-mail addresses").fill("Bob@example.net\ncarol@example.org");
    await page.click("text=Make salts and commitments");
    await page.waitForSelector("text=Save the salt of carol@example.org");
    await accessible(page, "set up");
    await shot(page, "setup");
    const lines = (await page.textContent("output")).split("\n").map((line) => line.split("\t"));
    assert.deepEqual(lines.map(([address]) => address), ["bob@example.net", "carol@example.org"]);
    const file = await saved(page, "text=Save the salt of bob@example.net", join(folder, "bob.json"));
    if (program === undefined) t.diagnostic("not run: the command line is not built");
    else assert.equal(cli("commit", "bob@example.net", "--salt-file", file).trim(), lines[0][1]);
    await page.getByLabel("Guardians' e-mail addresses").fill("Bob <bob@example.net>");
    await page.click("text=Make salts and commitments");
    assert.match(await (await page.waitForSelector("[role=alert]")).textContent(), /address/);
    await done();
  });

  test("check my mailbox: a mail that will do, one that will not with the reason, in two languages", async () => {
    const { page, done } = await visit();
    await give(page, vector("recovery.eml"));
    await page.waitForSelector("text=This mailbox will work");
    await accessible(page, "provable");
    await shot(page, "check", "h2:text('This mailbox will work')");
    await give(page, vector("refused-two-addresses.eml"));
    const alert = await page.waitForSelector("[role=alert]");
    const text = await alert.textContent();
    assert.match(text, /the From field holds one plain mailbox/);
    assert.match(text, /clause 4\.1/);
    assert.match(text, /line 14, From/);
    await page.click("text=Every rule");
    await accessible(page, "refused");
    await shot(page, "refused", "[role=alert]");
    for (const name of ["Gmail", "Apple Mail", "Yahoo"]) await page.click(`summary:text-is("${name}")`);
    assert.equal(await page.locator("svg[role=img]:visible").count(), 9);
    await accessible(page, "pictures");
    await shot(page, "pictures", "summary:text-is('Gmail')");
    await page.selectOption("header select", "de");
    await page.waitForSelector("h1:text('Mein Postfach prüfen')");
    assert.equal(await page.getAttribute("html", "lang"), "de");
    await page.selectOption("header select", "en");
    await done();
  });

  test("every refusal is shown with its rule, clause and reason", async () => {
    const { page, done } = await visit();
    const registry = readFileSync(vector("registry.json"));
    const zkdkim = await open({ threads: 1 });
    const all = readdirSync(vector("")).filter((name) => name.startsWith("refused-"));
    for (const name of all) {
      const { verdict, rule, clause, detail } = await zkdkim.inspect(readFileSync(vector(name)), { registry });
      assert.equal(verdict, "refused", name);
      await give(page, vector(name));
      const alert = page.locator("main [role=alert]").filter({ hasText: detail }).filter({ hasText: `${rule} (clause ${clause})` });
      await alert.waitFor();
    }
    zkdkim.close();
    await done();
  });

  test("a mail can be pasted and dropped, and the keyboard reaches everything", async () => {
    const { page, done } = await visit();
    await page.click("text=Or paste its source");
    await page.fill("textarea", readFileSync(vector("recovery.eml"), "utf8"));
    await page.click("text=Use this text");
    await page.waitForSelector("text=This mailbox will work");
    const transfer = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "mail.eml"));
      return data;
    }, "no mail");
    await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
    await page.waitForSelector("[role=alert]");
    const reached = new Set();
    await page.focus("header a");
    for (let i = 0; i < 20; i++) {
      reached.add(await page.evaluate(() => document.activeElement.tagName + (document.activeElement.type ?? "")));
      await page.keyboard.press("Tab");
    }
    for (const one of ["A", "SELECTselect-one", "INPUTfile", "SUMMARY"]) assert.ok(reached.has(one), `${one}: ${[...reached]}`);
    await done();
  });

  test("narrow screens need no scrolling sideways; dark and light keep their contrast", async () => {
    const { page, done } = await visit("#recover");
    await page.setViewportSize({ width: 320, height: 640 });
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      for (const part of ["check", "recover", "guardian", "setup"]) {
        await page.click(`nav a[href="#${part}"]`);
        await page.waitForSelector(`a[href="#${part}"][aria-current=page]`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), part);
        await accessible(page, `${part}, ${colorScheme}`);
      }
    }
    await done();
  });

  test("a file that arrives damaged is fetched once more; one that always does is named", async () => {
    const { page, done } = await visit();
    const prepare = () =>
      page.evaluate(async () => {
        const { open } = await import("./zkdkim/index.js");
        const zkdkim = await open({ threads: 1 });
        const report = await zkdkim.salt().then(() => "ready", (error) => error.toJSON());
        zkdkim.close();
        return report;
      });
    await page.evaluate(() => caches.delete("zkdkim-web"));
    damaged.set(".wasm", 2);
    const error = await prepare();
    assert.equal(error.rule, "download");
    assert.match(error.detail, /SHA-256/);
    damaged.set(".wasm", 1);
    assert.equal(await prepare(), "ready");
    await done();
  });

  test("recover my account: Subject, mail, proof with progress; cancelled once; the command line accepts it", async (t) => {
    const { page, done } = await visit("#recover");
    await page.getByLabel("Account").fill(account);
    await page.click("text=Make the Subject");
    await page.waitForSelector("text=the number of the round is missing");
    await page.getByLabel("New key").fill(newKey.toUpperCase().replace("X", "x"));
    await page.getByLabel("Number of the round").fill("x");
    await page.click("text=Make the Subject");
    await page.waitForSelector("text=nonce: not a decimal number");
    assert.match(await (await page.waitForSelector("[role=alert]")).textContent(), /nonce/);
    await page.getByLabel("Number of the round").fill("0");
    await page.click("text=Make the Subject");
    const subject = `Recover ${account} on 1 nonce 0 to ${newKey}`;
    assert.equal(await page.textContent("#subject"), subject);
    assert.equal(await page.getAttribute("a.main", "href"), `mailto:?subject=${encodeURIComponent(subject)}`);
    await accessible(page, "Subject");

    await page.setInputFiles("section input[type=file] >> nth=0", vector("outlook-no-timestamp.eml"));
    await page.waitForSelector("section [role=alert]");
    assert.equal(await page.isDisabled("text=Make the proof"), true);
    await page.setInputFiles("section input[type=file] >> nth=0", vector("recovery.eml"));
    await page.waitForSelector("text=What stays hidden");
    await page.click("text=Make the proof");
    await page.waitForSelector("text=Choose the file of your salt first.");
    await page.getByLabel("Your salt").setInputFiles(saltFile);
    await page.click("text=Make the proof");
    await page.waitForSelector("text=Proving");
    await accessible(page, "proving");
    await page.click("text=Cancel");
    await page.waitForSelector("text=Cancelled.");
    await noWorkers(page, "what was made of the mail is in the workers");
    await page.click("text=Make the proof");
    await page.waitForSelector("text=The proof is made, and it is valid");
    await accessible(page, "proved");
    const file = await saved(page, "text=Save the proof", join(folder, "proof.json"));
    // What somebody else made is checked before it is offered to be sent.
    const altered = join(folder, "altered.json");
    const json = readFileSync(file, "utf8");
    const { public_inputs: inputs } = JSON.parse(json);
    writeFileSync(altered, json.replaceAll(inputs[3].slice(2), inputs[1].slice(2)));
    await page.click("text=I was given a proof");
    await page.getByLabel("The proof's file").setInputFiles(altered);
    await page.waitForSelector("details [role=alert]:has-text('Not valid')");
    await page.getByLabel("The proof's file").setInputFiles(file);
    await page.waitForSelector("text=This proof is valid.");
    await page.click("text=Make the proof");
    await page.waitForSelector("text=Proving");
    await page.click('nav a[href="#check"]');
    await page.waitForSelector("h1:text('Check my mailbox')");
    await noWorkers(page, "whoever leaves leaves nothing behind");
    assert.equal(JSON.parse(readFileSync(file)).srs.kind, "insecure-dev");
    if (program === undefined) {
      t.diagnostic("not run: the command line is not built");
    } else {
      assert.match(cli("verify", file, "--subject", subject, "--allow-insecure-dev"), /valid/);
      assert.throws(() => cli("verify", file, "--subject", `${subject} `, "--allow-insecure-dev"));
    }
    await done();
  });

  test("a relayer is believed in no Subject and in no field of the mail, and its refusal ends the waiting", async () => {
    const told = { chains: {}, relayer: "relayer/" };
    const own = await serve({ change: (path) => (path === "site.json" ? Buffer.from(JSON.stringify(told)) : undefined) });
    others.add(new URL(own.url).origin);
    let status;
    const answer = (route) => route.fulfill({ json: route.request().method() === "POST" ? { id: "0".repeat(32) } : status });
    await browser.context.route("**/relayer/v1/requests**", answer);
    const { page, done } = await visitSite(own, "#recover", browser.context);
    await page.getByLabel("Account").fill(account);
    await page.getByLabel("New key").fill(newKey);
    const subject = `Recover ${account} on 1 nonce 7 to ${newKey}`;
    const other = subject.replace(newKey, account);
    status = { state: "waiting", subject, send_to: `in@relayer.example?bcc=b@evil.example&subject=${encodeURIComponent(other)}`, jobs: [] };
    await page.click("text=Make the Subject");
    const href = new URL(await page.getAttribute("a.main", "href"));
    assert.deepEqual([...href.searchParams], [["subject", subject]]);
    status = { ...status, subject: other };
    await page.click("text=Make the Subject");
    await page.waitForSelector("[role=alert]:has-text('was told to be the Subject')");
    assert.equal(await page.locator("#subject").count(), 0);
    const refused = { reason: "too-many", detail: null, hint: "ask tomorrow" };
    status = { ...status, state: "refused", subject: null, jobs: [{ reason: null }, refused] };
    await page.click("text=Make the Subject");
    await page.waitForSelector("[role=alert]:has-text('too-many'):has-text('ask tomorrow')");
    await accessible(page, "refused by the relayer");
    await browser.context.unroute("**/relayer/v1/requests**", answer);
    await done();
    await own.close();
  });

  test("a host without HTTPS is told so, and a part that is none is the first one", async () => {
    const withoutDigests = (page) => page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { value: undefined }));
    const plain = await visitSite(site, "#check", browser.context, withoutDigests);
    await plain.page.waitForSelector("main [role=alert]:has-text('serve the page over HTTPS')");
    await plain.done();
    const none = await visit("#constructor");
    assert.equal(await none.page.textContent("h1"), "Recover my account");
    await none.done();
  });

  test("the page accepts the command line's proof", { skip: program === undefined && "not run: the command line is not built" }, async () => {
    const file = join(folder, "native.json");
    cli("prove", vector("recovery.eml"), "--salt-file", saltFile, "--registry", vector("registry.json"), "--out", file);
    const { page, done } = await visit();
    const verdict = await page.evaluate(async (file) => {
      const { open } = await import("./zkdkim/index.js");
      const zkdkim = await open();
      const { verdict } = await zkdkim.verify(file, { allowInsecureDev: true });
      zkdkim.close();
      return verdict;
    }, readFileSync(file, "utf8"));
    assert.equal(verdict, "valid");
    await done();
  });

  test("what is kept and damaged is replaced; what is of another build is thrown away", async () => {
    const { page, done } = await visit();
    const names = await page.evaluate(async () => {
      const cache = await caches.open("zkdkim-web");
      const kept = await cache.keys();
      const put = (url, bytes) => cache.put(url, new Response(bytes));
      for (const { url } of kept) {
        const bytes = new Uint8Array(await (await cache.match(url)).arrayBuffer());
        bytes[bytes.length >> 1] ^= 1;
        await put(url, bytes);
      }
      const stale = new URL("zkdkim/assets/srs-of-another-build.srs", location.href).href;
      await put(stale, new Uint8Array(9));
      const { open } = await import("./zkdkim/index.js");
      const zkdkim = await open();
      const steps = new Set();
      await zkdkim.prepare({ onProgress: ({ step }) => steps.add(step) });
      zkdkim.close();
      return { before: kept.map(({ url }) => url), after: (await cache.keys()).map(({ url }) => url), steps: [...steps] };
    });
    assert.equal(names.before.length, 3, String(names.before));
    assert.deepEqual(names.after.sort(), names.before.sort());
    assert.ok(names.steps.includes("unpack"), "the damaged SRS was used");
    await done();
  });

  test("a mail of 25 MB is checked, and the page stays alive", async () => {
    const file = join(folder, "large.eml");
    writeFileSync(file, signed(25e6));
    const { page, done } = await visit();
    const tooLarge = join(folder, "too-large.eml");
    writeFileSync(tooLarge, "");
    truncateSync(tooLarge, (64 << 20) + 1);
    await give(page, tooLarge);
    await page.waitForSelector("text=This file has more than 64 MiB");
    await page.evaluate(() => {
      globalThis.large = document.body.appendChild(Object.assign(document.createElement("input"), { type: "file", id: "large" }));
    });
    await page.setInputFiles("#large", file);
    const report = await page.evaluate(async (dns) => {
      const { open } = await import("./zkdkim/index.js");
      const zkdkim = await open();
      const [mail] = globalThis.large.files;
      const report = await zkdkim.inspect(mail, { dns });
      zkdkim.close();
      return { verdict: report.verdict, address: report.address, bytes: mail.size };
    }, dns);
    assert.deepEqual([report.verdict, report.address], ["provable", "ann@example.org"]);
    assert.ok(report.bytes > 24e6);
    await done();
  });

  test("nothing but this site was asked, and the policy lets nothing else be asked", async () => {
    const { page, done } = await visit();
    const blocked = await page.evaluate(() => fetch("http://127.0.0.1:9/").then(() => false, () => true));
    const violation = page.evaluate(() => new Promise((resolve) => addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective))));
    await page.evaluate(() => fetch("http://localhost:9/").catch(() => undefined));
    assert.equal(blocked, true);
    assert.equal(await violation, "connect-src");
    const asked = [...requests].filter((origin) => origin !== "null" && !origin.startsWith("blob") && !others.has(origin));
    assert.deepEqual(asked, [new URL(site.url).origin]);
    await done();
  });

  test("without isolation one thread proves", async () => {
    const lonely = await serve({ isolated: false });
    const page = await browser.context.newPage();
    await page.goto(lonely.url);
    const result = await page.evaluate(
      async ({ mail, registry, salt }) => {
        const { open } = await import("./zkdkim/index.js");
        const zkdkim = await open({ threads: 4 });
        const { file } = await zkdkim.prove(mail, salt, registry);
        const { verdict } = await zkdkim.verify(file, { allowInsecureDev: true });
        return { verdict, threads: zkdkim.threads, isolated: crossOriginIsolated };
      },
      { mail: readFileSync(vector("recovery.eml"), "utf8"), registry: readFileSync(vector("registry.json"), "utf8"), salt: readFileSync(saltFile, "utf8") },
    );
    assert.deepEqual(result, { verdict: "valid", threads: 1, isolated: false });
    await page.close();
    await lonely.close();
  });

  // Last: the server goes away.
  test("without a network everything works after the first visit", async () => {
    const first = await visit("#recover");
    await first.page.evaluate(() => navigator.serviceWorker.ready);
    await first.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await first.page.evaluate(async () => {
      const { open } = await import("./zkdkim/index.js");
      const zkdkim = await open();
      await zkdkim.prepare();
      zkdkim.close();
    });
    // A registry that the host replaces is used at once, whatever is kept.
    replaced.set("registry.json", Buffer.from("[]"));
    await first.page.goto(`${site.url}?again#check`);
    await give(first.page, vector("recovery.eml"));
    await first.page.waitForSelector("main [role=alert]:has-text('registry-file')");
    replaced.clear();
    await first.page.goto(`${site.url}#check`);
    await give(first.page, vector("recovery.eml"));
    await first.page.waitForSelector("text=This mailbox will work");
    await first.done();
    const { url } = site;
    await site.close();
    site = undefined;
    const page = await browser.context.newPage();
    await page.goto(`${url}#check`);
    await page.waitForSelector("h1");
    await give(page, vector("recovery.eml"));
    await page.waitForSelector("text=This mailbox will work");
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    await page.evaluate(async () => {
      const { open } = await import("./zkdkim/index.js");
      const zkdkim = await open();
      await zkdkim.prepare();
      zkdkim.close();
    });
    await page.close();
  });
});
