/** A salt that is kept for a mailbox: encrypted by the package, and opened with the answers of nodes. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { privateKeyToAccount } from "viem/accounts";

import { open } from "../../dist/zkdkim/index.js";
import { Nodes, missing } from "../nodes.mjs";

/** As every development chain has it. */
const wallet = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const account = `0x${"11".repeat(20)}`;

describe("salt nodes", { skip: missing === undefined ? false : `not run: ${missing}` }, () => {
  let zkdkim;
  let nodes;
  let server;
  let committee;
  let registry;
  /** Nodes that do not answer, or with something else. */
  const silent = new Set();
  const garbling = new Set();

  before(async () => {
    zkdkim = await open();
    nodes = new Nodes();
    const { record, digest, registry: text } = await nodes.about();
    committee = { record, digest, allowInsecureDealer: true };
    registry = text;
    await nodes.round(account, 4);
    server = createServer(async (request, response) => {
      const [, index] = /^\/(\d+)\/v1\/release$/.exec(request.url);
      if (silent.has(index)) return request.socket.destroy();
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = garbling.has(index) ? Buffer.alloc(5000) : await nodes.answer(index, Buffer.concat(chunks));
      response.writeHead(answer === undefined ? 403 : 200).end(answer);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  after(() => {
    zkdkim?.close();
    nodes?.stop();
    server?.close();
    server?.closeAllConnections();
  });

  const sign = (message) => wallet.signMessage({ message });
  const nodeUrl = ({ index }) => `http://127.0.0.1:${server.address().port}/${index}`;

  async function recover(more = {}) {
    const salt = await zkdkim.salt();
    const { escrow } = await zkdkim.escrow("Ann@example.org", salt, committee);
    const escrows = Buffer.from(escrow.slice(2), "hex");
    const mail = await nodes.mail(`Recover ${account} on 1 nonce 4 to ${wallet.address.toLowerCase()}`);
    return { salt, recovered: await zkdkim.recoverSalt(mail, registry, { committee, escrows, sign, nodeUrl, ...more }) };
  }

  test("a salt comes back, though two nodes of five are of no use", async () => {
    silent.add("1");
    garbling.add("2");
    const { salt, recovered } = await recover();
    assert.deepEqual(recovered.salts.map((one) => one.salt), [salt]);
    assert.equal(recovered.salts[0].commitment, (await zkdkim.commitment("ann@example.org", salt)).commitment);
    assert.match(recovered.nodes.join("\n"), /node 1: it did not answer, or refused/);
  });

  test("with three of no use the nodes are named, and nothing comes back", async () => {
    silent.add("3");
    const error = await recover().catch((error) => error);
    assert.equal(error.rule, "salt-nodes");
    assert.match(error.message, /node 3: it did not answer/);
    silent.clear();
  });

  test("another key's consent, another record and an insecure dealer unasked are refused", async () => {
    const other = privateKeyToAccount(`0x${"01".repeat(32)}`);
    const consent = await recover({ sign: (message) => other.signMessage({ message }) }).catch((error) => error);
    assert.equal(consent.rule, "salt-nodes");
    for (const wrong of [{ digest: `0x${"00".repeat(32)}` }, { allowInsecureDealer: false }]) {
      const error = await recover({ committee: { ...committee, ...wrong } }).catch((error) => error);
      assert.match(error.message, /^record: /);
    }
    const aborted = await recover({ signal: AbortSignal.abort() }).catch((error) => error);
    assert.equal(aborted.name, "AbortError");
  });
});
