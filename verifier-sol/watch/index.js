// What happens to accounts in a recovery contract, in words, with the time that is left and what to do: for wallets
// and services that tell owners. Reads logs and nothing else; keeps nothing.
//
//   import { readNotices } from "zkdkim-contracts/watch";
//   const { notices, next } = await readNotices(client, { recovery, accounts, from: cursor });
//
// Whoever keeps `next` after the notices are told, and begins there again, misses nothing and after a crash
// tells some twice; `id` tells those. Where blocks can be replaced, `confirmations` has to be as many as can.

import { iEmailRecoveryAbi } from "../abi/index.js";

/// What each event means to the owner: how urgent it is, what has happened, until when something can be done,
/// and what.
const meanings = {
  RoundOpened: ({ nonce }) => ({
    level: "warning",
    text: `a round was opened (nonce ${nonce}): guardians may be asked for a recovery`,
    remedy: "nothing has happened yet; cancel() ends the round if nobody of yours asked for it",
  }),
  Voted: ({ guardian, newOwner }) => ({
    level: "warning",
    text: `the guardian ${hex(guardian)} voted for the owner ${newOwner}`,
    remedy: "cancel() ends the round if this is not your new owner",
  }),
  RecoveryStarted: ({ newOwner, executableFrom }) => ({
    level: "alarm",
    text: `guardians reached the threshold: the owner will be ${newOwner}`,
    until: executableFrom,
    remedy: "cancel() stops it if you have the account's key; guardians stop it by \"Cancel …\"",
  }),
  VotedToCancel: ({ guardian }) => ({
    level: "info",
    text: `the guardian ${hex(guardian)} voted to cancel the recovery`,
  }),
  RecoveryExecuted: ({ newOwner }) => ({ level: "alarm", text: `the owner is ${newOwner} from now on` }),
  RecoveryCancelled: () => ({ level: "info", text: "the account ended its round, and the recovery if there was one" }),
  RecoveryCancelledByGuardians: () => ({ level: "warning", text: "guardians cancelled the recovery" }),
  RecoveryDiscarded: () => ({ level: "info", text: "a recovery that could not be executed was discarded" }),
  GuardianAccepted: ({ guardian }) => ({ level: "info", text: `the guardian ${hex(guardian)} accepted` }),
  RecoveryConfigured: ({ config }) => ({
    level: "warning",
    text: `the account has a configuration: ${config.guardians.length} guardians, threshold ${config.threshold}`,
    remedy: "whoever did this has the account's key",
  }),
  ChangeScheduled: ({ config, applicableFrom }) => ({
    level: "alarm",
    text: `a weaker configuration waits: ${config.guardians.length} guardians, threshold ${config.threshold}`,
    until: applicableFrom,
    remedy: "cancelChange() takes it back; if it is not yours, somebody has the account's key: guardians recover it",
  }),
  RemovalScheduled: ({ applicableFrom }) => ({
    level: "alarm",
    text: "the account's recovery will be removed",
    until: applicableFrom,
    remedy: "cancelChange() takes it back; if it is not yours, somebody has the account's key: guardians recover it",
  }),
  ChangeCancelled: () => ({ level: "info", text: "a change that waited was taken back" }),
  RecoveryRemoved: () => ({
    level: "alarm",
    text: "the account has no recovery any more",
    remedy: "if that is not yours, somebody has the account's key: move what the account has",
  }),
  SaltsEscrowed: () => ({ level: "info", text: "encrypted salts of guardians were published" }),
};

/// The events that have a meaning here; a test compares them with the contract's.
export const watchedEvents = Object.keys(meanings);

const events = iEmailRecoveryAbi.filter(({ type, name }) => type === "event" && name in meanings);

/// The notices of some blocks, oldest first, and the block to go on from. `from` is the first block; blocks are
/// read up to the newest less `confirmations`, at most `maxBlocks` of them.
export async function readNotices(client, options) {
  const { recovery, accounts, from, confirmations = 0n, maxBlocks = 2000n } = options;
  if (accounts.length === 0) throw new RangeError("no accounts to watch");
  if (maxBlocks < 1n) throw new RangeError(`maxBlocks is ${maxBlocks}, must be at least 1`);
  const newest = (await client.getBlockNumber({ cacheTime: 0 })) - confirmations;
  const last = newest < from + maxBlocks ? newest : from + maxBlocks - 1n;
  if (last < from) return { notices: [], next: from };
  const watched = new Set(accounts.map((account) => account.toLowerCase()));
  const logs = await client.getLogs({ address: recovery, events, fromBlock: from, toBlock: last, strict: true });
  const notices = logs
    .filter(({ args }) => watched.has(args.account.toLowerCase()))
    .map((log) => ({
      ...meanings[log.eventName](log.args),
      id: `${log.blockHash}:${log.logIndex}`,
      account: log.args.account,
      event: log.eventName,
      args: log.args,
      blockNumber: log.blockNumber,
      transactionHash: log.transactionHash,
    }));
  return { notices, next: last + 1n };
}

/// Notices for as long as `signal` is not aborted: asks again every `pollSeconds`, 12 by default, once all blocks are
/// read. An error of the client ends it; the caller knows where it was.
export async function* watchNotices(client, { pollSeconds = 12, signal, ...options }) {
  let { from } = options;
  while (!signal?.aborted) {
    const { notices, next } = await readNotices(client, { ...options, from });
    const read = next > from;
    from = next;
    if (notices.length > 0) yield { notices, next };
    if (!read) await pause(pollSeconds * 1000, signal);
  }
}

function hex(id) {
  return `0x${id.toString(16)}`;
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}
