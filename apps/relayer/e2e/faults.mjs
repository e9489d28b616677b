// Mails under random kills: each must end in exactly one effect or in one named refusal.
//
// Two relayers share a database. One of them is killed (SIGKILL) after a random while and started again, as often as asked;
// mails come in all that time, by LMTP and by HTTP. Every tenth mail is useless on purpose, and every tenth comes twice.

import { Failure } from "../../../verifier-sol/script/lib/command.mjs";
import { signedMessage } from "../../../verifier-sol/script/lib/mail.mjs";
import { providers } from "./world.mjs";
import { until } from "./service.mjs";

const chain = 31337;
/// What a contract takes at most.
const GUARDIANS = 16;
/// A kill comes after at most this long: some proofs are finished in between, many are not.
const LONGEST_MS = 8000;
const patience = 3600;

export async function faults(world, services, { mails, kills, seed }, tell) {
  const random = generator(seed);
  const posts = await plan(world, mails);
  tell(`${posts.length} mails for ${new Set(posts.map(({ account }) => account)).size} accounts`);

  const done = { kills: 0 };
  let sending = true;
  const killer = (async () => {
    while (done.kills < kills && sending) {
      await sleep(50 + random() * LONGEST_MS);
      const service = services[Math.floor(random() * services.length)];
      await service.kill();
      await service.start();
      done.kills++;
      if (done.kills % 10 === 0) tell(`${done.kills} kills`);
    }
  })();

  // A mail server tries again until it is acknowledged; so does this.
  for (const post of posts) {
    await until("an acknowledgement", patience, () => handOver(post, services, random));
    if (post.twice) await until("an acknowledgement", patience, () => handOver(post, services, random));
  }
  tell("all mails are acknowledged");
  const open = () => posts.filter(({ outcome }) => !outcome);
  await until("an outcome for every mail", patience, async () => {
    for (const post of open()) post.outcome = await outcome(world, post, services[0]).catch(() => undefined);
    return open().length === 0 && done.kills >= kills;
  }).catch((error) => tell(error.message));
  sending = false;
  await killer;

  const effects = posts.filter(({ outcome }) => outcome === "effect").length;
  const refusals = posts.filter(({ outcome }) => outcome && outcome !== "effect").length;
  const events = await world.events("GuardianAccepted");
  const once = new Set(events.map(({ args }) => `${args.account} ${args.guardian}`));
  // A transaction of the relayer's that succeeded without an effect would be one too many as well.
  const sent = await world.successes();
  for (const { wanted, outcome } of posts) {
    if (outcome && (outcome === "effect") !== wanted) throw new Failure(`a mail ended in ${outcome}`);
  }
  return {
    mails: posts.length,
    kills: done.kills,
    effects,
    refusals,
    lost: open().length,
    doubled: events.length - once.size + (sent - once.size),
  };
}

/// Mails of guardians who accept, and some that nothing waits for.
async function plan(world, mails) {
  const posts = [];
  while (posts.length < mails) {
    const number = Math.min(GUARDIANS, mails - posts.length);
    const address = (i) => `guardian-${posts.length + i}@${providers[i % providers.length]}`;
    const guardians = Array.from({ length: number }, (_, i) => world.mailbox(address(i)));
    const account = await world.account(guardians, 1);
    const subject = await world.read("acceptanceSubject", [account]);
    for (const guardian of guardians) {
      const index = posts.length;
      const wanted = index % 10 !== 9;
      const timestamp = await world.now();
      const text = wanted ? subject : `Re: ${subject}`;
      const mail = signedMessage({ address: guardian.address, subject: text, timestamp });
      posts.push({ index, account, guardian, mail, wanted, twice: index % 10 === 4 });
    }
  }
  return posts;
}

/// By HTTP, which gives an id to ask with, or by LMTP.
async function handOver(post, services, random) {
  const service = services[Math.floor(random() * services.length)];
  if (post.index % 2 === 0 || !post.wanted) {
    post.id = (await service.postMail(post.mail)).id;
  } else {
    await service.lmtp(post.mail, post.guardian.address);
  }
  return true;
}

async function outcome(world, { account, guardian, id }, service) {
  const { accepted } = await world.read("guardianOf", [account, guardian.commitment]);
  if (!id) return accepted ? "effect" : undefined;
  const { jobs } = await service.status(id);
  if (jobs[0].state === "final") return accepted ? "effect" : "final without an effect";
  return jobs[0].state === "refused" ? jobs[0].reason : undefined;
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/// Mulberry32: the same seed gives the same choices.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
