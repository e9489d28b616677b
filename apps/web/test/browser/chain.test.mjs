/** Both journeys with a wallet, a chain, the contracts, real proofs; a relayer where one is built. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { CHAIN, World, giveWallet, mailOf, missing as noChain, relayerMissing } from "../chain.mjs";
import { browse, missing, serve } from "../chromium.mjs";
import { Nodes, missing as nodesMissing } from "../nodes.mjs";
import { shot } from "../shots.mjs";
import { accessible, cache, cli, program, saved, vector, visit } from "../support.mjs";

const ADDRESS = "alice@example.com";
/** Where a guardian's mail goes; the search for accounts takes one, too. */
const MAIL = "section:has(h2:text('2. The mail')) input[type=file] >> nth=0";
const reason = missing ?? noChain ?? (program === undefined ? "the command line is not built" : undefined);

describe("with a chain", { skip: reason === undefined ? false : `not run: ${reason}` }, () => {
  let world;
  let site;
  let browser;
  let folder;
  let salt;
  let account;
  const owner = {};

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "zkdkim-web-chain-"));
    world = await World.start(cli("registry", "root", "--file", vector("registry.json")).trim());
    const relayer = relayerMissing === undefined ? await world.startRelayer(folder, vector("registry.json"), cache) : undefined;
    const told = { chains: { [CHAIN]: { recovery: world.recovery } }, ...(relayer && { relayer: "relayer/" }) };
    site = await serve({ relayer, change: (path) => (path === "site.json" ? Buffer.from(JSON.stringify(told)) : undefined) });
    browser = await browse({ locale: "en-GB", viewport: { width: 720, height: 860 }, permissions: ["clipboard-read", "clipboard-write"] });
    owner.address = world.people[2];
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    world?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const withWallet = (path) => visit(site, path, browser.context, (page) => giveWallet(page, world.chain.url, owner));
  const fault = async (page) => (await page.waitForSelector("main [role=alert]")).textContent();

  /** From a Subject to a proof: the mail, the salt, the proof. */
  async function prove(page, name) {
    const subject = await page.textContent("#subject");
    const file = join(folder, `${name}.eml`);
    writeFileSync(file, mailOf({ address: ADDRESS, subject, timestamp: await world.now() }));
    await page.setInputFiles("section input[type=file] >> nth=0", file);
    await page.waitForSelector("text=What stays hidden");
    await page.getByLabel("Your salt").setInputFiles(salt);
    await page.click("text=Make the proof");
    await page.waitForSelector("text=The proof is made, and it is valid");
    return subject;
  }

  test("become a guardian: salt, commitment, and an acceptance that the contract counts", async () => {
    const { page, done } = await withWallet("#guardian");
    salt = await saved(page, "text=Make a salt and save it", join(folder, "salt.json"));
    await page.getByLabel("E-mail address").fill(ADDRESS);
    await page.click("text=Compute the commitment");
    const commitment = await page.textContent("output");
    await shot(page, "guardian");
    account = await world.account(commitment);
    await page.click("text=Connect Test wallet");
    await page.waitForSelector("text=Test wallet is connected");
    await page.getByLabel("Account").fill(account);
    await page.click("text=Make the Subject");
    await page.waitForSelector("#subject");
    assert.match(await prove(page, "accept"), new RegExp(`^Guard ${account} on ${CHAIN} nonce \\d+$`));
    await page.click("text=Send by Test wallet");
    await page.waitForSelector("text=Sent, and in a block.");
    // The same once more: what the contract refuses is said in words.
    await page.click("text=Send by Test wallet");
    assert.match(await fault(page), /this guardian has accepted already/);
    await done();
  });

  test("recover my account: wrong chain, a round, a false Subject, a rejected transaction, the mail, the vote, the delay, the new key", async () => {
    const { page, done } = await withWallet("#recover");
    await page.click("text=Connect Test wallet");
    await page.waitForSelector("text=Test wallet is connected");
    assert.equal(await page.getByLabel("New key").inputValue(), owner.address.toLowerCase());
    await page.getByLabel("Account").fill(account);
    Object.assign(owner, { chain: 10, staysThere: true });
    await page.click("text=Make the Subject");
    assert.match(await fault(page), /the wallet is at chain 10, the account at chain 1/);
    Object.assign(owner, { chain: undefined, staysThere: false });
    await page.getByLabel("Account").fill("0x00112233445566778899aabbccddeeff00112233");
    await page.click("text=Make the Subject");
    await page.waitForSelector("text=the account has no recovery at this contract");
    await page.getByLabel("Account").fill(account);
    await page.click("text=Make the Subject");
    await page.waitForSelector("text=No round is open");
    owner.refuses = true;
    await page.click("text=Open a round");
    assert.match(await fault(page), /the wallet's owner did not confirm/);
    owner.refuses = false;
    await page.click("text=Make the Subject");
    await page.click("text=Open a round");
    await page.waitForSelector("#subject");
    await accessible(page, "Subject and standing");
    await shot(page, "subject", "h2:text('Send a mail with exactly')");
    Object.assign(owner, { told: owner.address.slice(2, 12).toLowerCase(), tells: "0123456789" });
    await page.click("text=Make the Subject");
    assert.match(await fault(page), /was told to be the Subject, but the values here make/);
    owner.told = undefined;
    await page.click("text=Make the Subject");
    await page.waitForSelector("#subject");

    const subject = await prove(page, "vote");
    assert.match(subject, new RegExp(`^Recover ${account} on ${CHAIN} nonce \\d+ to ${owner.address.toLowerCase()}$`));
    await accessible(page, "proved");
    await shot(page, "proved", "caption:text('What a proof shows')");
    await page.click("text=Send by Test wallet");
    await page.waitForSelector("text=Enough votes: the delay runs.");
    await accessible(page, "the delay");
    await shot(page, "delay", "h2:text('4. Send it')");
    await world.pass(3601);
    // Who comes for another key is told, and brought to execute nothing.
    const values = { account, chain: String(CHAIN), nonce: "7", key: `0x${"22".repeat(20)}` };
    const other = await withWallet(`#recover?${new URLSearchParams(values)}`);
    await other.page.click("text=Connect Test wallet");
    await other.page.waitForSelector("text=Test wallet is connected");
    await other.page.click("text=Make the Subject");
    await other.page.waitForSelector("[role=alert]:has-text('Another key than yours')");
    await other.page.waitForSelector("text=The delay has passed.");
    assert.equal(await other.page.locator("text=Execute the recovery").count(), 0);
    await accessible(other.page, "another key");
    await other.done();
    await page.click("text=Look again");
    await page.click("text=Execute the recovery");
    await page.waitForSelector("text=The account obeys the new key.");
    assert.equal(await world.ownerOf(account), owner.address.toLowerCase());
    await done();
  });

  test("a link brings a guardian here with everything filled in", async () => {
    const values = { account, chain: String(CHAIN), nonce: "7", key: owner.address.toLowerCase() };
    const { page, done } = await withWallet(`#recover?${new URLSearchParams(values)}`);
    await page.click("text=Make the Subject");
    assert.equal(await page.textContent("#subject"), `Recover ${account} on ${CHAIN} nonce 7 to ${values.key}`);
    await page.click("text=Copy the link for other guardians");
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    const copied = new URLSearchParams(link.hash.split("?")[1]);
    assert.deepEqual({ ...Object.fromEntries(copied) }, { ...values, contract: world.recovery });
    await done();
  });

  test("a passkey for an owner: its bytes in the form, its hash in the Subject, both in the vote", async () => {
    const passkey = `0x${"ab".repeat(20)}${"c1".repeat(64)}`;
    const { page, done } = await withWallet("#recover");
    await page.click("text=Connect Test wallet");
    await page.waitForSelector("text=Test wallet is connected");
    await page.getByLabel("Account", { exact: true }).fill(account);
    await page.getByLabel("Number of the round").fill("1");
    await page.getByLabel("New key").fill(`${passkey}1`);
    await page.click("text=Make the Subject");
    assert.match(await fault(page), /newOwner: not 0x and bytes/);
    await page.getByLabel("New key").fill(passkey.toUpperCase().replace("X", "x"));
    await page.getByLabel("Number of the round").fill("");
    await page.click("text=Make the Subject");
    await page.click("text=Open a round");
    await page.waitForSelector("#subject");
    const subject = await prove(page, "passkey");
    assert.match(subject, new RegExp(`^Recover ${account} on ${CHAIN} nonce \\d+ to ${world.viem.keccak256(passkey)}$`));
    if (relayerMissing === undefined) {
      await page.click("text=Hand it to the relayer");
      await page.waitForSelector("text=The relayer sent it, and it counts.");
    } else {
      await page.click("text=Send by Test wallet");
    }
    await page.waitForSelector("text=Enough votes: the delay runs.");
    await page.waitForSelector(`td code:text-is("${passkey}")`);
    await accessible(page, "a passkey");
    await done();
  });

  test("without a file: salt nodes open the salt to the mail, for the new key", { skip: nodesMissing && `not run: ${nodesMissing}` }, async () => {
    const nodes = new Nodes();
    const { record, digest, registry } = await nodes.about();
    const files = {
      "registry.json": registry,
      "committee.record": record,
      "site.json": JSON.stringify({
        chains: { [CHAIN]: { recovery: world.recovery } },
        committee: { record: "committee.record", digest, nodes: "nodes/{index}", allowInsecureDealer: true },
      }),
    };
    const own = await serve({ change: (path) => files[path] && Buffer.from(files[path]) });
    await browser.context.route("**/nodes/*/v1/release", async (route) => {
      const [, index] = /nodes\/(\d+)\//.exec(route.request().url());
      const body = await nodes.answer(index, route.request().postDataBuffer());
      await route.fulfill(body === undefined ? { status: 403 } : { status: 200, body });
    });
    const prepare = (page) => giveWallet(page, world.chain.url, owner);

    // The owner sets up, and the account publishes what the page made.
    const setup = await visit(own, "#setup", browser.context, prepare);
    await setup.page.getByLabel("Guardians' e-mail addresses").fill("ann@example.org");
    await setup.page.click("text=Make salts and commitments");
    await setup.page.waitForSelector("text=Publish the encrypted salts");
    const [list, escrow] = await setup.page.locator("output").allTextContents();
    await setup.done();
    account = await world.account(list.split("\t")[1]);
    await world.publish(account, escrow);

    const { page, done } = await visit(own, "#recover", browser.context, prepare);
    await page.click("text=Connect Test wallet");
    await page.getByLabel("Account").fill(account);
    await page.click("text=Make the Subject");
    await page.click("text=Open a round");
    await page.waitForSelector("#subject");
    const subject = await page.textContent("#subject");
    await nodes.round(account, / nonce (\d+) /.exec(subject)[1]);
    const file = join(folder, "nodes.eml");
    writeFileSync(file, await nodes.mail(subject));
    await page.setInputFiles(MAIL, file);
    await page.waitForSelector("text=What stays hidden");
    await page.click("text=I have no such file");
    await page.click("text=Ask the salt nodes");
    await page.waitForSelector("text=The salt was found.");
    await accessible(page, "the salt");
    await done();

    // Who has lost everything knows the mailbox alone.
    const stranger = await world.account(`0x${"2".padStart(64, "0")}`);
    await world.publish(stranger, escrow);
    const lost = await visit(own, "#recover", browser.context, prepare);
    await lost.page.click("text=I do not know my account");
    await lost.page.click("text=Make a Subject for the search");
    assert.match(await fault(lost.page), /no wallet is connected/);
    const given = async (name, subject) => (writeFileSync(join(folder, name), await nodes.mail(subject)), join(folder, name));
    await lost.page.setInputFiles("details input[type=file] >> nth=0", file);
    await lost.page.waitForSelector("text=there is no Subject for the search yet");
    await lost.page.click("text=Connect Test wallet");
    await lost.page.waitForSelector("text=Test wallet is connected");
    await lost.page.click("text=Make a Subject for the search");
    const search = await lost.page.textContent("#find-subject");
    const [, block, head] = / 1:(\d+):([0-9a-f]{16})$/.exec(search);
    const { number, hash } = await world.chain.client.getBlock();
    assert.deepEqual([BigInt(block), head], [number, hash.slice(2, 18)]);
    await nodes.block(number, hash);
    await lost.page.setInputFiles("details input[type=file] >> nth=0", await given("vote.eml", subject));
    await lost.page.waitForSelector("[role=alert]:has-text('its Subject is that of a recovery')");
    await lost.page.setInputFiles("details input[type=file] >> nth=0", await given("search.eml", search));
    await lost.page.waitForSelector("text=Found, among 2 published salts");
    await accessible(lost.page, "found");
    await shot(lost.page, "found", "summary:text-is(\"I do not know my account's address\")");
    // The same salt of an account that knows another guardian is not this mailbox's.
    assert.deepEqual(await lost.page.locator("li code").allTextContents(), [account]);
    const kept = await saved(lost.page, `text=Save the salt of ${account}`, join(folder, "found.json"));
    const { commitment } = JSON.parse(cli("commit", "ann@example.org", "--salt-file", kept, "--json"));
    assert.equal(commitment, list.split("\t")[1]);
    await lost.page.click(`text=Recover ${account}`);
    assert.equal(await lost.page.getByLabel("Account", { exact: true }).inputValue(), account);
    await lost.page.click("text=Make the Subject >> nth=-1");
    await lost.page.waitForSelector("#subject");
    await lost.page.setInputFiles(MAIL, await given("again.eml", await lost.page.textContent("#subject")));
    await lost.page.waitForSelector("text=What stays hidden");
    await lost.page.click("text=Make the proof");
    await lost.page.waitForSelector("text=The proof is made, and it is valid");
    await lost.done();

    // Nobody but the new key's wallet may ask.
    const query = new URLSearchParams({ account, chain: String(CHAIN), nonce: / nonce (\d+) /.exec(subject)[1], key: owner.address.toLowerCase() });
    const without = await visit(own, `#recover?${query}`, browser.context);
    await without.page.click("text=Make the Subject");
    await without.page.setInputFiles(MAIL, file);
    await without.page.waitForSelector("text=What stays hidden");
    await without.page.click("text=I have no such file");
    await without.page.click("text=Ask the salt nodes");
    assert.match(await fault(without.page), /the salt is given to the new key alone/);
    await without.done();

    // A salt that opens, of an account that has other guardians: nothing is taken from it.
    account = await world.account(`0x${"1".padStart(64, "0")}`);
    await world.publish(account, escrow);
    const other = await visit(own, "#recover", browser.context, prepare);
    await other.page.click("text=Connect Test wallet");
    await other.page.getByLabel("Account").fill(account);
    await other.page.click("text=Make the Subject");
    await other.page.click("text=Open a round");
    const foreign = await other.page.textContent("#subject");
    await nodes.round(account, / nonce (\d+) /.exec(foreign)[1]);
    writeFileSync(file, await nodes.mail(foreign));
    await other.page.setInputFiles(MAIL, file);
    await other.page.waitForSelector("text=What stays hidden");
    await other.page.click("text=I have no such file");
    await other.page.click("text=Ask the salt nodes");
    assert.match(await fault(other.page), /it makes no guardian of this account/);
    await other.done();
    await own.close();
    nodes.stop();
  });

  test("a proof that was handed to the relayer counts", { skip: relayerMissing && `not run: ${relayerMissing}` }, async () => {
    const { commitment } = JSON.parse(cli("commit", ADDRESS, "--salt-file", salt, "--json"));
    account = await world.account(commitment);
    const { page, done } = await visit(site, "#guardian", browser.context);
    await page.getByLabel("Account").fill(account);
    await page.click("text=Make the Subject");
    await page.waitForSelector("#subject");
    assert.match(await page.getAttribute("a.main", "href"), /^mailto:recovery@relayer\.example\?subject=Guard/);
    await prove(page, "by-relayer");
    await page.click("text=Hand it to the relayer");
    await page.waitForSelector("text=The relayer sent it, and it counts.");
    await done();
  });
});
