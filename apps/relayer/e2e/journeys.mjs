// Journeys from a mail to a recovered account. Mails come by a `post`: it has the domains of mailboxes, and sends. The journeys:
//
//   one-mail       guardians write to the relayer's address, and the relayer was given their salts
//   mailbox-alone  the same, and nobody has a salt any more: five nodes open what the account published, of which two are
//                  gone; the new key consents
//   private        the guardians' own devices prove; a relayer gets the proof and no mail

import { rmSync } from "node:fs";
import { Failure } from "../../../verifier-sol/script/lib/command.mjs";
import { personalKey } from "../../../verifier-sol/script/lib/signers.mjs";
import { unfolded } from "./post.mjs";
import { Receiver } from "./receiver.mjs";
import { until } from "./service.mjs";

const patience = 300;
const chain = 31337;

export async function oneMail(world, service, post, tell) {
  const guardians = [world.mailbox(`alice@${post.domains[0]}`), world.mailbox(`bob@${post.domains[1]}`)];
  const account = await world.account(guardians, 2);

  tell("guardians accept, by mail");
  const acceptance = await service.ask({ chain, account, action: "accept" });
  const { subject, mailto } = await service.status(acceptance.id);
  expect("the link", mailto, `mailto:recovery@relayer.example?subject=${subject.replaceAll(" ", "%20")}`);
  for (const guardian of guardians) await post.send(guardian.address, subject);
  await until("acceptances", patience, async () => {
    const { jobs } = await service.status(acceptance.id);
    return failIfRefused(jobs).filter(({ state }) => state === "final").length === 2;
  });

  tell("the key is lost; the wallet asks for a Subject, and a round is opened");
  const key = personalKey();
  const owner = `olivia@${post.domains[0]}`;
  if (post.answers) await service.notify(world, account, [owner]);
  const receiver = await Receiver.start();
  const webhook = receiver.url;
  const recovery = await service.ask({ chain, account, action: "recover", new_key: key.address, webhook });
  receiver.secret = recovery.webhook.secret;
  const vote = await until("a round", patience, async () => (await service.status(recovery.id)).subject);
  for (const guardian of guardians) await post.send(guardian.address, vote);
  tell("two mails were sent");
  const recovered = await complete(world, service, tell, { account, key, id: recovery.id });
  await until("the webhook's calls", patience, async () =>
    ["checked", "proved", "sent", "final"].every((state) => receiver.count("recover", state) === 2) &&
    receiver.count("execute", "final") === 1,
  );
  receiver.stop();
  tell("the wallet was called at every step");
  if (post.answers) {
    await until("the owner's notice", patience, async () => {
      const notices = post.mailbox(owner);
      if (notices.length > 1) throw new Failure("an owner was told twice");
      return notices.length === 1 && unfolded(notices[0]).includes(`${account.toLowerCase()} on ${chain} nonce`);
    });
    tell("the owner was told, and how to cancel");
    for (const { address } of guardians) await until("answers", patience, async () => answered(post, address, [subject, vote]));
    tell("every mail has its answer, in its thread");
  }
  return recovered;
}

export async function mailboxAlone(world, service, post, tell, nodes) {
  const guardians = [world.privateMailbox(`erin@${post.domains[1]}`), world.privateMailbox(`frank@${post.domains[0]}`)];
  const account = await world.account(guardians, 2);
  tell("guardians accept at set-up, with salts at hand; the owner publishes them, encrypted");
  await acceptPrivately(world, service, post, account, guardians);
  await world.publishEscrows(account, guardians.map((guardian) => nodes.escrow(guardian)));
  for (const guardian of guardians) rmSync(guardian.saltFile);

  const gone = [2, 4].filter((index) => nodes.kill(index));
  tell(`every device is lost${gone.length ? ", and two nodes with them" : ""}`);
  const key = personalKey();
  const { id } = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const subject = await until("a round", patience, async () => (await service.status(id)).subject);
  for (const { address } of guardians) await post.send(address, subject);
  tell("two mails were sent; the wallet consents that their salts are opened");
  const consented = new Set();
  await until("consents", patience, async () => {
    for (const { consent } of failIfRefused((await service.status(id)).jobs)) {
      if (!consent || consented.has(consent.mail)) continue;
      await service.consent(id, consent, key);
      consented.add(consent.mail);
    }
    return consented.size === guardians.length;
  });
  return complete(world, service, tell, { account, key, id });
}

export async function privately(world, service, post, tell) {
  const guardians = [world.privateMailbox(`carol@${post.domains[1]}`), world.privateMailbox(`dave@${post.domains[0]}`)];
  const account = await world.account(guardians, 2);
  tell("guardians accept, by proofs of their own");
  await acceptPrivately(world, service, post, account, guardians);
  tell("the key is lost");
  const key = personalKey();
  const recovery = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const vote = await until("a round", patience, async () => (await service.status(recovery.id)).subject);
  const [, openedAt] = await world.read("roundOf", [account]);
  for (const guardian of guardians) {
    const proof = await prove(world, post, guardian, vote, Number(openedAt));
    await service.postProof({ chain, account, action: "recover", new_key: key.address, proof });
  }
  tell("two proofs were handed in");
  return complete(world, service, tell, { account, key, id: recovery.id });
}

async function acceptPrivately(world, service, post, account, guardians) {
  const [, configuredAt] = await world.read("setupOf", [account]);
  const subject = await world.read("acceptanceSubject", [account]);
  for (const guardian of guardians) {
    const proof = await prove(world, post, guardian, subject, Number(configuredAt));
    const { id } = await service.postProof({ chain, account, action: "accept", proof });
    await until("an acceptance", patience, async () => failIfRefused((await service.status(id)).jobs)[0].state === "final");
  }
}

/// On the guardian's own device, of a mail to themselves.
async function prove(world, post, guardian, subject, notBefore) {
  const mail = await post.toOneself(guardian.address, subject);
  const clock = Math.max(await world.now(), notBefore);
  const { timings, ...proof } = world.prover.prove(mail, guardian, world.registry, { clock, notBefore });
  return proof;
}

/// Waits for the votes, lets the delay pass, and sees the relayer execute.
async function complete(world, service, tell, { account, key, id }) {
  const started = await until("both votes", patience, async () => {
    const { jobs } = await service.status(id);
    const votes = failIfRefused(jobs).filter(({ action, state }) => action === "recover" && state === "final");
    return votes.length === 2 && votes.find(({ executable_from }) => executable_from);
  });
  tell("a recovery has started");
  await world.pass(started.executable_from - (await world.now()) + 1);
  await until("the execution", patience, async () => (await world.ownerOf(account)) === key.address);
  await until("the last state", patience, async () => {
    const { jobs } = await service.status(id);
    return jobs.some(({ action, state }) => action === "execute" && state === "final");
  });
  tell("the account has its new key");
  return true;
}

/// Whether a mailbox has one answer to each of these Subjects.
function answered(post, address, subjects) {
  const answers = post.answers(address);
  return subjects.every((subject) => {
    const found = answers.filter((mail) => unfolded(mail).includes(`\nSubject: Re: ${subject}\n`));
    if (found.length > 1) throw new Failure("a mail was answered twice");
    return found.length === 1 && /^In-Reply-To: <.*@/m.test(found[0]) && /^It is done/m.test(found[0]);
  });
}

function failIfRefused(jobs) {
  const refused = jobs.find(({ state }) => state === "refused");
  if (refused) throw new Failure(`refused: ${refused.reason}: ${refused.detail ?? refused.hint}`);
  return jobs;
}

function expect(what, got, expected) {
  if (got !== expected) throw new Failure(`${what}: ${got}, expected ${expected}`);
}
