// Journeys from a mail to a recovered account.
//
//   one-mail       guardians write to the relayer's address, and the relayer was given their salts
//   mailbox-alone  the same, and nobody has a salt any more: five nodes open what the account published, of which two are
//                  gone; the new key consents
//   private        the guardians' own devices prove; a relayer gets the proof and no mail

import { rmSync } from "node:fs";
import { Failure } from "../../../verifier-sol/script/lib/command.mjs";
import { signedMessage } from "../../../verifier-sol/script/lib/mail.mjs";
import { personalKey } from "../../../verifier-sol/script/lib/signers.mjs";
import { until } from "./service.mjs";

const patience = 300;
const chain = 31337;

export async function oneMail(world, service, tell) {
  const guardians = [world.mailbox("alice@example.com"), world.mailbox("bob@example.net")];
  const account = await world.account(guardians, 2);
  const write = async (guardian, subject) => {
    const mail = signedMessage({ address: guardian.address, subject, timestamp: await world.now() });
    await service.lmtp(mail, guardian.address);
  };

  tell("guardians accept, by mail");
  const acceptance = await service.ask({ chain, account, action: "accept" });
  const { subject, mailto } = await service.status(acceptance.id);
  expect("the link", mailto, `mailto:recovery@relayer.example?subject=${subject.replaceAll(" ", "%20")}`);
  for (const guardian of guardians) await write(guardian, subject);
  await until("acceptances", patience, async () => {
    const { jobs } = await service.status(acceptance.id);
    return failIfRefused(jobs).filter(({ state }) => state === "final").length === 2;
  });

  tell("the key is lost; the wallet asks for a Subject, and a round is opened");
  const key = personalKey();
  const recovery = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const vote = await until("a round", patience, async () => (await service.status(recovery.id)).subject);
  for (const guardian of guardians) await write(guardian, vote);
  tell("two mails were sent");
  return complete(world, service, tell, { account, key, id: recovery.id });
}

export async function mailboxAlone(world, service, tell, nodes) {
  const guardians = [world.privateMailbox("erin@example.org"), world.privateMailbox("frank@example.net")];
  const account = await world.account(guardians, 2);
  tell("guardians accept at set-up, with salts at hand; the owner publishes them, encrypted");
  await acceptPrivately(world, service, account, guardians);
  await world.publishEscrows(account, guardians.map((guardian) => nodes.escrow(guardian)));
  for (const guardian of guardians) rmSync(guardian.saltFile);

  tell("every device is lost, and two nodes with them");
  for (const index of [2, 4]) nodes.kill(index);
  const key = personalKey();
  const { id } = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const subject = await until("a round", patience, async () => (await service.status(id)).subject);
  for (const { address } of guardians) {
    await service.lmtp(signedMessage({ address, subject, timestamp: await world.now() }), address);
  }
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

export async function privately(world, service, tell) {
  const guardians = [world.privateMailbox("carol@example.org"), world.privateMailbox("dave@example.com")];
  const account = await world.account(guardians, 2);
  tell("guardians accept, by proofs of their own");
  await acceptPrivately(world, service, account, guardians);
  tell("the key is lost");
  const key = personalKey();
  const recovery = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const vote = await until("a round", patience, async () => (await service.status(recovery.id)).subject);
  const [, openedAt] = await world.read("roundOf", [account]);
  for (const guardian of guardians) {
    const proof = await prove(world, guardian, vote, Number(openedAt));
    await service.postProof({ chain, account, action: "recover", new_key: key.address, proof });
  }
  tell("two proofs were handed in");
  return complete(world, service, tell, { account, key, id: recovery.id });
}

async function acceptPrivately(world, service, account, guardians) {
  const [, configuredAt] = await world.read("setupOf", [account]);
  const subject = await world.read("acceptanceSubject", [account]);
  for (const guardian of guardians) {
    const proof = await prove(world, guardian, subject, Number(configuredAt));
    const { id } = await service.postProof({ chain, account, action: "accept", proof });
    await until("an acceptance", patience, async () => failIfRefused((await service.status(id)).jobs)[0].state === "final");
  }
}

/// On the guardian's own device.
async function prove(world, guardian, subject, notBefore) {
  const clock = await world.now();
  const mail = signedMessage({ address: guardian.address, subject, timestamp: clock });
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

function failIfRefused(jobs) {
  const refused = jobs.find(({ state }) => state === "refused");
  if (refused) throw new Failure(`refused: ${refused.reason}: ${refused.detail ?? refused.hint}`);
  return jobs;
}

function expect(what, got, expected) {
  if (got !== expected) throw new Failure(`${what}: ${got}, expected ${expected}`);
}
