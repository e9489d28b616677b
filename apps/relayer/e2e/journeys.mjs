// The two journeys from a mail to a recovered account.
//
//   one-mail   guardians write to the relayer's address; everything else is done there
//   private    the guardians' own devices prove; a relayer gets the proof and no mail

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

export async function privately(world, service, tell) {
  const guardians = [world.privateMailbox("carol@example.org"), world.privateMailbox("dave@example.com")];
  const account = await world.account(guardians, 2);
  const handIn = async (guardian, subject, action, notBefore, new_key) => {
    const clock = await world.now();
    const mail = signedMessage({ address: guardian.address, subject, timestamp: clock });
    const { timings, ...proof } = world.prover.prove(mail, guardian, world.registry, { clock, notBefore });
    return service.postProof({ chain, account, action, new_key, proof });
  };

  tell("guardians accept, by proofs of their own");
  const [, configuredAt] = await world.read("setupOf", [account]);
  const acceptance = await world.read("acceptanceSubject", [account]);
  for (const guardian of guardians) {
    const { id } = await handIn(guardian, acceptance, "accept", Number(configuredAt));
    await until("an acceptance", patience, async () => failIfRefused((await service.status(id)).jobs)[0].state === "final");
  }
  tell("the key is lost");
  const key = personalKey();
  const recovery = await service.ask({ chain, account, action: "recover", new_key: key.address });
  const vote = await until("a round", patience, async () => (await service.status(recovery.id)).subject);
  const [, openedAt] = await world.read("roundOf", [account]);
  for (const guardian of guardians) await handIn(guardian, vote, "recover", Number(openedAt), key.address);
  tell("two proofs were handed in");
  return complete(world, service, tell, { account, key, id: recovery.id });
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
