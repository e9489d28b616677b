// What the package's watcher tells, from logs that stand for a chain's; the end to end has a chain. Needs `npm run build` and
// `npm run package`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { iEmailRecoveryAbi } from "zkdkim-contracts/abi";
import { readNotices, watchedEvents, watchNotices } from "zkdkim-contracts/watch";

const recovery = "0x7EC0000000000000000000000000000000000001";
const mine = "0xAcc0000000000000000000000000000000000001";
const other = "0xACc0000000000000000000000000000000000002";

/// A chain of `newest` blocks with an event in some of them, which remembers what it was asked.
function chain(newest, happenings) {
  const asked = [];
  const logs = happenings.map(({ block, event, args }, logIndex) => ({
    eventName: event,
    args,
    blockNumber: BigInt(block),
    blockHash: `0x${block}`,
    logIndex,
    transactionHash: `0xt${block}`,
  }));
  const client = {
    asked,
    getBlockNumber: async () => BigInt(newest),
    getLogs: async ({ address, events, fromBlock, toBlock, strict }) => {
      asked.push([fromBlock, toBlock]);
      assert.equal(address, recovery);
      assert.ok(strict);
      assert.equal(events.length, watchedEvents.length);
      return logs.filter(({ blockNumber }) => blockNumber >= fromBlock && blockNumber <= toBlock);
    },
  };
  return client;
}

const opened = (block, account) => ({ block, event: "RoundOpened", args: { account, nonce: 7n, closesAt: 99n } });
const started = (block, account) => ({
  block,
  event: "RecoveryStarted",
  args: { account, nonce: 7n, newOwner: "0x1111", executableFrom: 50, expiresAt: 60 },
});

test("every event of the contract has a meaning", () => {
  const events = iEmailRecoveryAbi.filter(({ type }) => type === "event").map(({ name }) => name);
  assert.deepEqual([...watchedEvents].sort(), events.sort());
});

test("every event says how urgent it is and whose it is", () => {
  const events = iEmailRecoveryAbi.filter(({ type }) => type === "event");
  for (const { name, inputs } of events) {
    assert.deepEqual([inputs[0].name, inputs[0].indexed], ["account", true], name);
  }
});

test("accounts that nobody asked for are left out, in whatever case they are written", async () => {
  const client = chain(10, [opened(3, mine), opened(4, other), started(5, mine)]);
  const { notices, next } = await readNotices(client, { recovery, accounts: [mine.toLowerCase()], from: 1n });
  assert.deepEqual(notices.map(({ event, level }) => [event, level]), [["RoundOpened", "warning"], ["RecoveryStarted", "alarm"]]);
  assert.equal(notices[1].until, 50);
  assert.match(notices[1].text, /0x1111/);
  assert.equal(next, 11n);
  assert.equal(new Set(notices.map(({ id }) => id)).size, 2);
});

test("blocks are read once, in portions, and not before they are confirmed", async () => {
  const client = chain(10, [opened(3, mine), started(6, mine), started(9, mine)]);
  const seen = [];
  let from = 1n;
  for (let i = 0; i < 5; ++i) {
    const options = { recovery, accounts: [mine], from, confirmations: 3n, maxBlocks: 3n };
    const { notices, next } = await readNotices(client, options);
    seen.push(...notices.map(({ blockNumber }) => blockNumber));
    from = next;
  }
  assert.deepEqual(client.asked, [[1n, 3n], [4n, 6n], [7n, 7n]]);
  assert.deepEqual(seen, [3n, 6n]);
  assert.equal(from, 8n);
});

test("what can't be meant is refused", async () => {
  const client = chain(10, []);
  await assert.rejects(readNotices(client, { recovery, accounts: [], from: 1n }), /no accounts/);
  await assert.rejects(readNotices(client, { recovery, accounts: [mine], from: 1n, maxBlocks: 0n }), /maxBlocks/);
});

test("watching ends when it is told to, and where the client fails", async () => {
  const client = chain(10, [opened(3, mine)]);
  const ending = new AbortController();
  const told = [];
  for await (const { notices, next } of watchNotices(client, { recovery, accounts: [mine], from: 1n, signal: ending.signal })) {
    told.push([notices.length, next]);
    ending.abort();
  }
  assert.deepEqual(told, [[1, 11n]]);

  client.getBlockNumber = async () => {
    throw new Error("no chain");
  };
  const watching = watchNotices(client, { recovery, accounts: [mine], from: 1n });
  await assert.rejects(watching.next(), /no chain/);
});
