// What goes wrong around a relayer. Each kind has a world of its own, and an outcome that is demanded.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { Failure, run } from "../../../verifier-sol/script/lib/command.mjs";
import { signedMessage } from "../../../verifier-sol/script/lib/mail.mjs";
import { startProxy } from "./proxy.mjs";
import { until } from "./service.mjs";

const patience = 600;
/// By world.
const proxies = new Map();

export const troubles = {
  repeated: { run: repeated },
  "chain-down": { settings: proxied, run: chainDown },
  "chain-drops": { settings: proxied, run: chainDrops },
  "chain-refuses": { settings: proxied, run: chainRefuses },
  "chain-reorganises": { settings: () => ({ confirmations: 3 }), run: chainReorganises },
  clocks: { run: clocks },
  flood: { run: flood },
  "disk-full": { url: "sqlite:small/jobs.db", cannot: noMount, prepare: smallDisk, run: diskFull },
  "postgres-restarted": { database: "postgres", run: postgresRestarted },
};

/// A mail of a guardian who accepts, for an account of its own.
async function acceptance(world, { name = "ann", dated } = {}) {
  const guardian = world.mailbox(`${name}@example.com`);
  const account = await world.account([guardian], 1);
  const subject = await world.read("acceptanceSubject", [account]);
  const timestamp = dated ?? (await world.now());
  return { account, guardian, mail: signedMessage({ address: guardian.address, subject, timestamp }) };
}

/// Waits until mails have had their effect, and sees that each had one.
async function effects(world, service, posts) {
  for (const { account, guardian, id } of posts) {
    await until("an effect", patience, async () => (await world.read("guardianOf", [account, guardian.commitment])).accepted);
    if (id) await until("its last state", patience, async () => (await service.status(id)).jobs[0].state === "final");
  }
  const events = await world.events("GuardianAccepted");
  const sent = await world.successes();
  if (events.length !== posts.length || sent > posts.length) {
    throw new Failure(`${posts.length} mails had ${events.length} effects by ${sent} transactions`);
  }
  return { mails: posts.length, effects: events.length, transactions: sent };
}

async function repeated(world, service) {
  const post = await acceptance(world);
  const ids = new Set();
  for (let i = 0; i < 100; i++) {
    if (i % 2) await service.lmtp(post.mail, post.guardian.address);
    else ids.add((await service.postMail(post.mail)).id);
  }
  const outcome = await effects(world, service, [{ ...post, id: [...ids][0] }]);
  for (const id of ids) {
    const { jobs } = await service.status(id);
    if (jobs.length !== 1 || jobs[0].state !== "final") throw new Failure("a sender does not see the one job");
  }
  return { ...outcome, handed_in: 100 };
}

async function proxied(world) {
  const proxy = await startProxy(world.chain.url);
  proxies.set(world, proxy);
  return { rpc: proxy.url };
}

/// A mail is taken while no node answers, and waits.
async function chainDown(world, service) {
  const post = await acceptance(world);
  const proxy = proxies.get(world);
  proxy.mode = "down";
  const { id } = await service.postMail(post.mail);
  await sleep(10_000);
  const { state } = (await service.status(id)).jobs[0];
  if (state !== "received") throw new Failure(`without a node a mail is ${state}`);
  proxy.mode = "open";
  return effects(world, service, [{ ...post, id }]);
}

/// A node says that it took a transaction, and forgets it.
async function chainDrops(world, service) {
  const post = await acceptance(world);
  const proxy = proxies.get(world);
  proxy.mode = "drops";
  const { id } = await service.postMail(post.mail);
  await until("a dropped transaction", patience, async () => proxy.dropped > 0);
  proxy.mode = "open";
  return { ...(await effects(world, service, [{ ...post, id }])), dropped: proxy.dropped };
}

async function chainRefuses(world, service) {
  const post = await acceptance(world);
  const proxy = proxies.get(world);
  proxy.mode = "refuses";
  const { id } = await service.postMail(post.mail);
  await until("a refused transaction", patience, async () => proxy.dropped > 1);
  proxy.mode = "open";
  return { ...(await effects(world, service, [{ ...post, id }])), refused: proxy.dropped };
}

/// The block with a vote is taken back before it is deep enough.
async function chainReorganises(world, service) {
  const post = await acceptance(world);
  const { client } = world.chain;
  const { id } = await service.postMail(post.mail);
  await until("a block with it", patience, async () => (await world.successes()) === 1);
  await client.request({ method: "anvil_reorg", params: [1, []] });
  const accepted = async () => (await world.read("guardianOf", [post.account, post.guardian.commitment])).accepted;
  if (await accepted()) throw new Failure("the block was not taken back");
  await until("a second block with it", patience, accepted);
  await client.mine({ blocks: 3 });
  return effects(world, service, [{ ...post, id }]);
}

/// The chain's clock is ahead by ten minutes: nothing happens. A mail of the day after tomorrow is refused.
async function clocks(world, service) {
  await world.pass(600);
  const post = await acceptance(world, { dated: Math.floor(Date.now() / 1000) });
  const { id } = await service.postMail(post.mail);
  const outcome = await effects(world, service, [{ ...post, id }]);
  const early = await acceptance(world, { name: "bob", dated: Math.floor(Date.now() / 1000) + 2 * 86_400 });
  const refused = await service.postMail(early.mail).catch((error) => error.message);
  if (!/422.*lies in the future/.test(refused)) throw new Failure(`a mail of the day after tomorrow: ${refused}`);
  return { ...outcome, refusals: 1 };
}

/// Mails that no provider signed, 1,000 a second for a minute, while others are served.
async function flood(world, service, tell) {
  const posts = [await acceptance(world), await acceptance(world, { name: "bob" })];
  const forged = posts[0].mail.replace("Everything", "Forged").replace(/Subject: A/, "Subject: a");
  posts[0].id = (await service.postMail(posts[0].mail)).id;
  await effects(world, service, posts.slice(0, 1));
  const before = service.memory();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, service.memory())), 500);
  const seconds = 60;
  const flooding = floodOf(service.ports.lmtp, forged, 1000, seconds);
  await sleep(5_000);
  posts[1].id = (await service.postMail(posts[1].mail)).id;
  const sent = await flooding;
  clearInterval(watch);
  tell(`${sent} mails in ${seconds} s; memory ${before.toFixed(0)} to ${most.toFixed(0)} MiB`);
  if (most - before > 200) throw new Failure(`memory grew by ${(most - before).toFixed(0)} MiB`);
  const outcome = await effects(world, service, posts);
  return { ...outcome, forged: sent, a_second: Math.round(sent / seconds), grown_mib: Math.round(most - before) };
}

/// As many as are taken, up to a rate; by many connections, each with one mail after the other.
async function floodOf(port, mail, aSecond, seconds) {
  const until = Date.now() + seconds * 1000;
  const lines = `MAIL FROM:<x@example.com>\r\nRCPT TO:<recovery@relayer.example>\r\nDATA\r\n`;
  const text = `${mail.replace(/^\./gm, "..").replace(/\r?\n/g, "\r\n")}\r\n.\r\n`;
  const connections = 64;
  const sent = await Promise.all(Array.from({ length: connections }, () => new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    const started = Date.now();
    let [mails, answers] = [0, 0];
    socket.once("error", reject);
    socket.once("close", () => resolve(mails));
    const next = () => {
      if (Date.now() >= until) return socket.end("QUIT\r\n");
      const wait = started + (mails * 1000 * connections) / aSecond - Date.now();
      setTimeout(() => socket.write(lines + text), Math.max(0, wait));
    };
    socket.on("data", (data) => {
      for (const line of data.toString("latin1").split("\r\n")) {
        if (!/^\d{3} /.test(line)) continue;
        // The greeting, the answer to LHLO, and four to each mail.
        answers++;
        if (answers === 1) socket.write("LHLO flood\r\n");
        if (answers < 2 || (answers - 2) % 4) continue;
        if (answers > 2) mails++;
        next();
      }
    });
  })));
  return sent.reduce((sum, mails) => sum + mails, 0);
}

function noMount() {
  if (process.getuid() !== 0) return "a small disk needs root";
  return spawnSync("sh", ["-c", "command -v mount"]).status === 0 ? undefined : "there is no mount";
}

function smallDisk(folder) {
  const disk = join(folder, "small");
  mkdirSync(disk);
  run("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", disk]);
  return () => run("umount", [disk]);
}

/// What can't be kept isn't acknowledged; what was acknowledged before waits.
async function diskFull(world, service) {
  const [kept, late] = [await acceptance(world), await acceptance(world, { name: "bob" })];
  kept.id = (await service.postMail(kept.mail)).id;
  const filler = join(world.folder, "small/filler");
  spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"], { stdio: "ignore" });
  const refused = [
    await service.postMail(late.mail).catch((error) => error.message),
    await service.lmtp(late.mail, late.guardian.address).catch((error) => error.message),
  ];
  if (!/: 5\d\d /.test(refused[0]) || !/^451/.test(refused[1])) throw new Failure(`on a full disk: ${refused.join("; ")}`);
  await sleep(10_000);
  rmSync(filler);
  late.id = await until("an acknowledgement", patience, async () => (await service.postMail(late.mail)).id);
  return { ...(await effects(world, service, [kept, late])), refusals: 2 };
}

/// The database crashes while mails are on their way.
async function postgresRestarted(world, service, tell, server) {
  const posts = [];
  for (const name of ["ann", "bob", "cyd"]) posts.push(await acceptance(world, { name }));
  for (const post of posts) {
    post.id = (await service.postMail(post.mail)).id;
    server.restart();
    await sleep(1000);
    if (await service.postMail(post.mail).then(() => true, () => false)) tell("it was back at once");
    await until("the database", patience, () => service.status(post.id));
  }
  return effects(world, service, posts);
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
