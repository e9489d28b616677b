// What a mail costs, by step; what a salt node takes; how long a mailbox's accounts are looked for. On whatever else the
// machine does at that time, wall-clock times depend; seconds of processor do less.

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { readJson } from "../../../verifier-sol/script/lib/command.mjs";
import { signedMessage } from "../../../verifier-sol/script/lib/mail.mjs";
import { repository } from "../../../verifier-sol/script/lib/programs.mjs";
import { zkdkim } from "./program.mjs";
import { until } from "./service.mjs";
import { inWorld, withDatabase } from "./stage.mjs";
import { providers } from "./world.mjs";

const patience = 900;

export async function figures(only, tell, print) {
  const machine = { processor: cpus()[0].model, cores: availableParallelism(), build: process.env.ZKDKIM_BIN_DIR ? "given" : "dev" };
  const show = (figure, values) => print({ figure, ...values, load: Number(loadavg()[0].toFixed(1)) });
  show("machine", machine);
  for (const [name, part] of Object.entries(parts)) {
    if (!only || only === name) await part(show, tell);
  }
}

/// What is measured, by worlds that serve it.
export const parts = { mails: mailsAlone, relayers, salts };

async function mailsAlone(show, tell) {
  await inWorld("sqlite:jobs.db", { relayers: 1 }, async (world, [service]) => {
    show("latency", await latency(world, service, 5, tell));
    show("throughput", { relayers: 1, database: "sqlite", ...(await throughput(world, [service], 8, tell)) });
  });
}

async function relayers(show, tell) {
  for (const relayers of [1, 2]) {
    await withDatabase("postgres", tell, (url) =>
      inWorld(url, { relayers }, async (world, services) => {
        show("throughput", { relayers, database: "postgres", ...(await throughput(world, services, 8, tell)) });
      }),
    );
  }
}

async function salts(show, tell) {
  await inWorld("sqlite:jobs.db", { relayers: 0, nodes: true }, async (world, _, nodes) => {
    show("salt-recovery", await recoveries(world, nodes, 20, tell));
    show("escrow-scan", await scan(world, nodes, { events: 1000, each: 10 }, tell));
  });
}

/// Mails of guardians who accept, all for one account.
async function mails(world, count) {
  const guardians = Array.from({ length: count }, (_, i) => world.mailbox(`guardian-${i}@${providers[i % providers.length]}`));
  const account = await world.account(guardians, 1);
  const subject = await world.read("acceptanceSubject", [account]);
  const timestamp = await world.now();
  return guardians.map(({ address }) => signedMessage({ address, subject, timestamp }));
}

/// From the acknowledgement of a mail that is alone to each of its states, in seconds: medians.
async function latency(world, service, count, tell) {
  const seen = {};
  for (const mail of await mails(world, count)) {
    const started = performance.now();
    const { id } = await service.postMail(mail);
    const at = {};
    await until("its last state", patience, async () => {
      const { state } = (await service.status(id)).jobs[0];
      at[state] ??= (performance.now() - started) / 1000;
      return state === "final";
    }, 10);
    for (const [state, seconds] of Object.entries(at)) (seen[state] ??= []).push(seconds);
    tell(`${at.final.toFixed(1)} s`);
  }
  const states = ["proving", "proved", "sent", "final"].filter((state) => seen[state]);
  return { mails: count, ...Object.fromEntries(states.map((state) => [`${state}_seconds`, rounded(median(seen[state]))])) };
}

/// Mails that come at once: the time until all are final, and what the relayers used of the processor.
async function throughput(world, services, count, tell) {
  const all = await mails(world, count);
  const used = () => services.reduce((sum, service) => sum + service.processor(), 0);
  const [before, started] = [used(), performance.now()];
  const ids = [];
  for (const mail of all) ids.push((await services[0].postMail(mail)).id);
  const open = new Set(ids);
  await until("all of them", patience, async () => {
    for (const id of open) {
      if ((await services[0].status(id)).jobs[0].state === "final") open.delete(id);
    }
    return open.size === 0;
  });
  const [seconds, processor] = [(performance.now() - started) / 1000, used() - before];
  tell(`${count} mails in ${seconds.toFixed(1)} s`);
  return {
    mails: count,
    seconds: rounded(seconds),
    processor_seconds_a_mail: rounded(processor / count),
    mails_an_hour_and_core: Math.round((3600 * count) / processor),
  };
}

/// Salts that five nodes, of which three are needed, open on a mail to oneself.
async function recoveries(world, nodes, count, tell) {
  const dns = join(repository, "test-vectors/messages/dns.json");
  const before = nodes.processor();
  const seconds = [];
  for (let i = 0; i < count; i++) {
    const guardian = world.privateMailbox(`person-${i}@${providers[i % providers.length]}`);
    const [key, mail, out] = ["key", "eml", "salt"].map((kind) => join(world.folder, `${i}.${kind}`));
    const plain = ["--allow-plain-http", ...nodes.trusted];
    const { subject } = await zkdkim("salt", "subject", "--rpc", world.chain.url, "--out", key, ...plain);
    const timestamp = Math.floor(Date.now() / 1000);
    writeFileSync(mail, signedMessage({ address: guardian.address, subject, timestamp }));
    const escrow = nodes.escrow(guardian);
    const started = performance.now();
    await zkdkim("salt", "recover", mail, "--dns", dns, "--key-file", key, "--escrow", escrow, "--out", out, ...plain);
    seconds.push((performance.now() - started) / 1000);
    if (readJson(out).salt !== readJson(guardian.saltFile).salt) throw new Error("another salt");
  }
  const processor = nodes.processor() - before;
  tell(`${count} salts were recovered`);
  // All five are asked, and answer.
  const each = processor / (count * nodes.count);
  return { recoveries: count, seconds: rounded(median(seconds)), node_requests_a_second_and_core: Math.round(1 / each) };
}

/// All escrows of a contract, tried with the key of a mailbox that has none there.
async function scan(world, nodes, { events, each }, tell) {
  const stranger = nodes.escrow(world.privateMailbox("stranger@example.com"));
  const escrow = `0x${stranger.slice(2).repeat(each)}`;
  for (let i = 0; i < events; i++) await world.send({ ...world.recovery, functionName: "publishEscrow", args: [escrow] });
  tell(`${events} events are published`);
  const [key, mail, out] = ["key", "eml", "salts"].map((kind) => join(world.folder, `scan.${kind}`));
  const plain = ["--allow-plain-http", ...nodes.trusted];
  const { subject } = await zkdkim("salt", "subject", "--rpc", world.chain.url, "--out", key, ...plain);
  writeFileSync(mail, signedMessage({ address: "person@example.com", subject, timestamp: Math.floor(Date.now() / 1000) }));
  const place = ["--rpc", world.chain.url, "--contract", world.recovery.address, "--dns", join(repository, "test-vectors/messages/dns.json")];
  const [used, started] = [childrenProcessor(), performance.now()];
  const found = await zkdkim("account", "find", mail, ...place, "--key-file", key, "--out", out, "--threads", "1", ...plain).catch(
    (error) => error.message,
  );
  const [seconds, processor] = [(performance.now() - started) / 1000, childrenProcessor() - used];
  tell(typeof found === "string" ? found.slice(0, 200) : JSON.stringify(found).slice(0, 200));
  return { events, escrows: events * each, seconds: rounded(seconds), processor_seconds: rounded(processor) };
}

/// Seconds of processor time of this process' ended children.
function childrenProcessor() {
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function rounded(value) {
  return Number(value.toPrecision(3));
}
