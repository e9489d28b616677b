// The whole path on chains of its own: contracts deployed by the deploy script, guardians who accept and
// vote by mail, real proofs, a relayer without rights, and an account whose key is replaced, first by
// a personal key, then by a 2-of-3 threshold key. One guardian is no mailbox but a key, and the package's watcher
// tells the owner what happens. Prints what it does and what it costs.
//
//   npm run e2e              needs `npm run build` and `npm run package`; cargo builds the prover unless ZKDKIM_BIN_DIR names it
//   npm run e2e -- --json    the steps as one JSON object on standard output
//
// Exit codes: 0 everything went as it must, 1 something did not, 2 usage or environment.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeAbiParameters, encodeFunctionData, keccak256, parseEther, toHex, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { Account } from "./lib/account.mjs";
import { startChain } from "./lib/anvil.mjs";
import { compiled } from "./lib/artifacts.mjs";
import { Failure, main, readJson, run, UsageError } from "./lib/command.mjs";
import { named, signerId, typedMessage } from "./lib/inputs.mjs";
import { keyRecord, signedMessage } from "./lib/mail.mjs";
import { program } from "./lib/programs.mjs";
import { Prover } from "./lib/prover.mjs";
import { personalKey, ThresholdKey } from "./lib/signers.mjs";
import { Story } from "./lib/story.mjs";
import { readNotices } from "zkdkim-contracts/watch";

const hour = 3600;
const day = 24 * hour;
const times = { votingPeriod: 3 * day, delay: 2 * day, expiry: 9 * day, maxMailAge: day };
/// What the account says to take a verifier over the development SRS.
const setupAcknowledgement = keccak256(toHex("I accept forged proofs"));
const providers = ["example.com", "example.net", "example.org", "mail.example.com"];

const deployScript = fileURLToPath(new URL("deploy.mjs", import.meta.url));
const recoveryAbi = compiled("ERC7947EmailRecovery").abi;
const verifierAbi = compiled("RecoveryProofVerifier").abi;
const registryAbi = compiled("KeyRegistryRoots").abi;
const factoryAbi = compiled("RecoverableAccountFactory").abi;

await main(async () => {
  const args = process.argv.slice(2);
  if (args.some((arg) => arg !== "--json")) throw new UsageError("usage: npm run e2e [-- --json]");
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

  // What has to be built is built first.
  for (const name of ["zkdkim", "signer", "threshold"]) program(name);
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-e2e-"));
  const prover = new Prover();
  const story = new Story();
  const chains = [];
  try {
    for (const chainId of [31337, 1]) chains.push(await startChain(chainId));
    await recoverTwice({ story, prover, folder, chains });
  } finally {
    for (const chain of chains) chain.stop();
    prover.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = story.seconds();
  story.tell(`done in ${seconds.toFixed(0)} s`);
  if (args.includes("--json")) {
    console.log(JSON.stringify({ type: "zkdkim-e2e", version: 1, seconds, steps: story.steps }));
  }
});

async function recoverTwice({ story, prover, folder, chains }) {
  const [chain, otherChain] = chains;
  // Nobody here has a right, except the registry's owner and whoever owns the account.
  const people = {
    deployer: generatePrivateKey(),
    registryOwner: personalKey().account,
    relayer: personalKey().account,
    owner: personalKey(),
    // A guardian who signs with a wallet.
    dave: personalKey(),
  };
  const registry = prover.registry(providers);
  const verifier = prover.exportVerifier();
  const guardians = {
    alice: prover.mailbox("alice@example.com"),
    // Signed without t=, as Outlook does.
    bob: { ...prover.mailbox("bob@example.net"), undated: true },
    carol: prover.mailbox("carol@example.org"),
  };
  const stranger = prover.mailbox("mallory@mail.example.com");

  story.tell("\nThe contracts, the registry of keys, an account with four guardians of whom two are needed");
  const world = { story, folder, prover, verifier, registry, guardians, people };
  const place = await settle(world, chain);
  const { account, recovery } = place;

  const { relayer, owner, dave } = people;
  const mails = { story, prover, registry, chain };
  const read = (functionName, args) => chain.client.readContract({ ...recovery, functionName, args });
  const accept = (inputs) => ({ ...recovery, functionName: "acceptGuardian", args: [account.address, ...inputs] });
  const vote = (newKey, inputs) => ({ ...recovery, functionName: "vote", args: [account.address, newKey, ...inputs] });
  const execute = { ...recovery, functionName: "execute", args: [account.address] };
  const openRound = { ...recovery, functionName: "openRound", args: [account.address] };
  const submit = (title, call) => story.send(title, chain, relayer, call);
  const refused = (title, call, error) => story.refused(title, chain, relayer, call, error);

  story.tell("\nThe guardians accept");
  const acceptance = await read("acceptanceSubject", [account.address]);
  story.tell(`  Subject: ${acceptance}`);
  const accepted = {};
  for (const [name, guardian] of Object.entries(guardians)) {
    accepted[name] = await mailProof(mails, name, guardian, acceptance);
    await submit(`${name} accepts`, accept(accepted[name]));
  }
  await submit("dave accepts, by a signature", await signedBy(dave, "Guard", "acceptBySignature"));
  // With a limit, since nothing reverts here: an estimate would find the gas with which the answer is no.
  const verify = { ...place.verifier, functionName: "verify", args: accepted.alice, gas: 2_000_000n };
  await submit("for comparison: alice's proof checked and nothing else", verify);
  await refused("the same mail again", accept(accepted.alice), "AlreadyAccepted");
  const foreign = await mailProof(mails, "a stranger", stranger, acceptance);
  await refused("a stranger accepts", accept(foreign), "NotGuardian");
  const [inputs, proof] = foreign;
  const posing = [{ ...inputs, emailCommitment: guardians.alice.commitment }, proof];
  await refused("a vote by an acceptance, with no round open", vote(owner.address, posing), "RoundNotOpen");
  await ensureRound();
  await refused("a vote by an acceptance", vote(owner.address, posing), "SubjectMismatch");
  await replayElsewhere(world, otherChain, place, accepted);

  const personal = personalKey();
  await recoverTo(personal.address, ["alice", "bob"], "a personal key", "carol");
  await ownedBy("the new key", personal, "the old key", owner);
  await cancelTheft(personal);
  await weakenInVain(personal);

  story.tell("\nA key of three parties, of whom two sign");
  const group = new ThresholdKey(folder);
  story.tell(`  made together: ${group.address}`);
  await recoverTo(group.address, ["bob", "carol"], "the group's key");
  await group.requireQuorum(account.messageDigest("one alone"));
  await ownedBy("parties 1 and 3", group.signers(1, 3), "the personal key", personal);
  await ownedBy("parties 2 and 3", group.signers(2, 3), "the first key", owner);

  /// Two guardians vote, the delay passes, anybody executes; a third guardian, if any, comes too late.
  async function recoverTo(newKey, [first, second], whose, late) {
    story.tell(`\nThe key is lost; ${first} and ${second} vote for ${whose}`);
    await refused("execute before any vote", execute, "NoRecoveryPending");
    await ensureRound();
    await refused("another round while one is open", openRound, "RoundOpen");
    const votes = await votesFor(newKey, late ? [first, second, late] : [first, second]);
    await submit(`${first} votes`, vote(newKey, votes[first]));
    const counted = guardians[first].undated ? "MailAlreadyUsed" : "MailNotNewer";
    await refused("the same mail again", vote(newKey, votes[first]), counted);
    const redirected = vote(relayer.address, votes[second]);
    await refused("the relayer puts in its own key", redirected, "SubjectMismatch");
    const [inputs, proof] = votes[second];
    const forged = [{ ...inputs, nullifier: `0x${"01".repeat(32)}` }, proof];
    await refused("the relayer alters a public input", vote(newKey, forged), "InvalidProof");
    await submit(`${second} votes; the delay begins`, vote(newKey, votes[second]));
    if (late) await refused(`${late} votes too late`, vote(newKey, votes[late]), "RecoveryPending");
    await refused("execute at once", execute, "DelayNotPassed");
    await pass(chain, times.delay);
    await submit("execute after two days", execute);
    await refused("execute again", execute, "NoRecoveryPending");
    const replay = late ?? second;
    await refused(`${replay}'s mail when the round is over`, vote(newKey, votes[replay]), "RoundNotOpen");
    await ensureRound();
    await refused(`${replay}'s mail in the next round`, vote(newKey, votes[replay]), "SubjectMismatch");
  }

  /// Enough stolen mailboxes start a recovery; whoever has the key ends it.
  async function cancelTheft(holder) {
    story.tell("\nA thief has the mailboxes of alice and carol; the owner still has the key");
    const thief = personalKey().address;
    await ensureRound();
    const votes = await votesFor(thief, ["alice", "carol"]);
    await submit("the thief votes as alice", vote(thief, votes.alice));
    await submit("the thief votes as carol", vote(thief, votes.carol));
    const { executableFrom } = await read("pendingRecoveryOf", [account.address]);
    const alarm = await notice("RecoveryStarted");
    story.expect("the watcher tells the owner, and until when to act", alarm.until, executableFrom);
    await submit("dave votes to cancel, by a signature", await signedBy(dave, "Cancel", "voteToCancelBySignature"));
    const cancel = { ...recovery, functionName: "cancel" };
    await refused("the relayer cancels", cancel, "NotConfigured");
    const call = [recovery.address, 0n, encodeFunctionData(cancel)];
    const operation = await account.operation(holder, "execute", call, relayer.address);
    await story.operate("the owner cancels, by a user operation", chain, relayer, operation);
    await pass(chain, times.delay);
    await refused("execute after two days", execute, "NoRecoveryPending");
    await refused("the thief's mail again", vote(thief, votes.alice), "RoundNotOpen");
    await ensureRound();
    await refused("the thief's mail in the next round", vote(thief, votes.alice), "SubjectMismatch");
    story.expect("the account's owner", await account.owner(), holder.address);
  }

  /// Who has stolen the account's key can't make the recovery weaker unseen.
  async function weakenInVain(holder) {
    story.tell("\nA thief has the account's key and would make itself the only guardian");
    const thief = { guardian: signerId(personalKey().address), weight: 1 };
    const weaker = { ...place.config, threshold: 1, cancelThreshold: 1, guardians: [thief] };
    const asAccount = async (title, functionName, args) => {
      const call = [recovery.address, 0n, encodeFunctionData({ ...recovery, functionName, args })];
      const operation = await account.operation(holder, "execute", call, relayer.address);
      await story.operate(title, chain, relayer, operation);
    };
    await asAccount("the thief configures it", "configure", [weaker]);
    const apply = { ...recovery, functionName: "applyChange", args: [account.address, weaker, "0x"] };
    await refused("and applies it at once", apply, "ChangeNotDue");
    const { guardians: still } = await read("configOf", [account.address]);
    story.expect("guardians of the account", still.length, place.config.guardians.length);
    const { level, until } = await notice("ChangeScheduled");
    const { applicableFrom } = await read("scheduledChangeOf", [account.address]);
    story.expect("the watcher's notice", level, "alarm");
    story.expect("the owner has until", until, applicableFrom);
    await asAccount("the owner takes it back", "cancelChange", []);
    await pass(chain, times.delay);
    await refused("the thief applies it after two days", apply, "ChangeNotScheduled");
    await notice("ChangeCancelled");
  }

  /// The newest notice of this event, as the package's watcher reads it from the chain.
  async function notice(event) {
    const watched = { recovery: recovery.address, accounts: [account.address], from: 0n };
    const { notices } = await readNotices(chain.client, watched);
    const found = notices.findLast((notice) => notice.event === event);
    if (!found) throw new Failure(`the watcher does not tell of ${event}`);
    story.tell(`  ${`${found.level}: ${found.text}`.slice(0, 110)}`);
    return found;
  }

  /// A call with what a guardian signs that is no mailbox, now.
  async function signedBy(signer, action, functionName) {
    const { timestamp } = await chain.client.getBlock();
    const signedAt = Number(timestamp);
    const [nonce] = await read(action === "Guard" ? "setupOf" : "roundOf", [account.address]);
    const message = { account: account.address, nonce, signedAt };
    const typed = typedMessage({ chainId: chain.chainId, recovery: recovery.address, action, message });
    const signature = await signer.account.signTypedData(typed);
    return { ...recovery, functionName, args: [account.address, signer.address, signedAt, signature] };
  }

  /// Anybody opens a round where none is open; its number is what the mails have to name.
  async function ensureRound() {
    const [nonce] = await read("roundOf", [account.address]);
    if (nonce === 0n) await submit("anybody opens a round", openRound);
  }

  async function votesFor(newKey, names) {
    const subject = await read("recoverySubject", [account.address, newKey]);
    story.tell(`  Subject: ${subject}`);
    const votes = {};
    for (const name of names) votes[name] = await mailProof(mails, name, guardians[name], subject);
    return votes;
  }

  /// The account takes signatures and user operations of its owner and of nobody else.
  async function ownedBy(newTitle, newOwner, oldTitle, oldOwner) {
    story.expect("the account's owner", await account.owner(), newOwner.address);
    const message = "I own this account";
    const says = async (signer) => ((await account.acceptsMessageOf(signer, message)) ? "accepted" : "refused");
    story.expect(`ERC-1271 signature of ${newTitle}`, await says(newOwner), "accepted");
    story.expect(`ERC-1271 signature of ${oldTitle}`, await says(oldOwner), "refused");
    const payment = ["execute", [relayer.address, 1n, "0x"], relayer.address];
    const old = await account.operation(oldOwner, ...payment);
    await refused(`user operation signed by ${oldTitle}`, old, "FailedOp: AA24 signature error");
    const operation = await account.operation(newOwner, ...payment);
    await story.operate(`user operation signed by ${newTitle}`, chain, relayer, operation);
  }
}

/// Everything that is there before a guardian hears of it. The same people get the same addresses on
/// every chain.
async function settle({ story, folder, prover, verifier, registry, guardians, people }, chain) {
  const { client, chainId } = chain;
  const { registryOwner, relayer, owner, deployer, dave } = people;
  for (const { address } of [privateKeyToAccount(deployer), registryOwner, relayer]) {
    await client.setBalance({ address, value: parseEther("10") });
  }
  const entryPoint = await deployEntryPoint(chain, relayer);
  const { contracts } = deployContracts({ story, folder, verifier, deployer, registryOwner, entryPoint }, chain);
  const recovery = { address: contracts.ERC7947EmailRecovery.address, abi: recoveryAbi };
  const roots = { address: contracts.KeyRegistryRoots.address, abi: registryAbi };

  const publicKey = (domain) => `0x${Buffer.from(/\bp=(.*)/.exec(keyRecord(domain))[1], "base64").toString("hex")}`;
  const addKey = async (domain, key) => {
    const add = { ...roots, functionName: "addKey", args: [domain, key] };
    await story.send(`registry: add the key of ${domain}`, chain, registryOwner, add);
  };
  for (const domain of providers) await addKey(domain, publicKey(domain));
  // A mistake, and how it is taken back before it counts.
  await addKey("misspelt.example.net", publicKey("example.net"));
  const removal = { ...roots, functionName: "removeKey", args: [BigInt(providers.length)] };
  await story.send("registry: remove that key", chain, registryOwner, removal);
  const propose = { ...roots, functionName: "proposeRoot", args: [registry.root, 0n] };
  await story.send("registry: propose the root", chain, registryOwner, propose);
  const logged = await client.getContractEvents({ ...roots, fromBlock: 0n });
  const keys = logged.filter(({ eventName }) => eventName === "KeyAdded" || eventName === "KeyRemoved");
  const { root } = logged.findLast(({ eventName }) => eventName === "RootProposed").args;
  const same = BigInt(prover.rebuiltRoot(keys)) === root;
  story.expect("registry: anybody rebuilds the proposed tree from the logs", same, true);
  const acceptRoot = { ...roots, functionName: "acceptRoot", args: [registry.root] };
  await story.refused("registry: accept it at once", chain, relayer, acceptRoot, "DelayNotPassed");
  await pass(chain, 2 * day);
  await story.send("registry: accept it after two days", chain, relayer, acceptRoot);
  const acceptKey = { ...roots, functionName: "acceptKey", args: [0n] };
  await story.send(`registry: accept the key of ${providers[0]}, for others who ask`, chain, relayer, acceptKey);

  const factory = { address: contracts.RecoverableAccountFactory.address, abi: factoryAbi };
  const create = { ...factory, functionName: "createAccount", args: [owner.address, zeroHash] };
  await story.send("make the account", chain, relayer, create);
  const whose = { ...factory, functionName: "accountAddress", args: [owner.address, zeroHash] };
  const account = new Account({ client, chainId }, entryPoint, await client.readContract(whose));
  await client.setBalance({ address: account.address, value: parseEther("1") });

  const config = {
    verifier: contracts.RecoveryProofVerifier.address,
    setupAcknowledgement,
    registry: roots.address,
    pinnedRoot: 0n,
    rootDelay: 0,
    threshold: 2,
    cancelThreshold: 2,
    ...times,
    undatedMail: 1,
    subjectForms: 0,
    guardians: [
      ...Object.values(guardians).map(({ commitment }) => ({ guardian: commitment, weight: 1 })),
      { guardian: signerId(dave.address), weight: 1 },
    ],
  };
  const { inputs } = recoveryAbi.find(({ name }) => name === "configure");
  const subscribe = [recovery.address, encodeAbiParameters(inputs, [config])];
  const install = await account.operation(owner, "addRecoveryProvider", subscribe, relayer.address);
  await story.operate("the owner installs recovery, by a user operation", chain, relayer, install);
  return { account, recovery, config, verifier: { address: config.verifier, abi: verifierAbi } };
}

/// The same contracts, account and guardians at the same addresses on another chain: mails for the one
/// count for nothing on the other.
async function replayElsewhere(world, chain, place, accepted) {
  const { story, people } = world;
  story.tell(`\nThe same on chain ${chain.chainId}`);
  const { account, recovery } = await settle(world, chain);
  story.expect("the account has the same address", account.address, place.account.address);
  const args = [account.address, ...accepted.bob];
  const replay = { ...recovery, functionName: "acceptGuardian", args };
  await story.refused("bob's acceptance from the first chain", chain, people.relayer, replay, "SubjectMismatch");
}

/// Runs the deploy script as its user does: refused without the flag for an insecure verifier, then once,
/// then once more to see that nothing changes.
function deployContracts({ story, folder, verifier, deployer, registryOwner, entryPoint }, chain) {
  const out = join(folder, `deployment-${chain.chainId}.json`);
  const owner = ["--registry-owner", registryOwner.address, "--entry-point", entryPoint];
  const args = [deployScript, "--rpc", chain.url, "--verifier", verifier, ...owner, "--out", out];
  const deploy = (...more) => run(process.execPath, [...args, ...more], { env: { DEPLOYER_PRIVATE_KEY: deployer } });
  let refusal;
  try {
    deploy();
  } catch (error) {
    refusal = error;
  }
  const outcome = /anybody can forge/.test(refusal?.message) ? "refused" : (refusal ?? "deployed");
  story.expect("deploying forgeable proofs unasked", outcome, "refused");
  for (const line of deploy("--accept-insecure-dev").split("\n")) {
    const [, name, gas] = /^(\w+) .* (\d+) gas$/.exec(line) ?? [];
    if (name) story.record(`deploy ${name}`, gas);
  }
  const before = readFileSync(out, "utf8");
  const again = deploy("--accept-insecure-dev");
  const unchanged = !/ gas$/m.test(again) && readFileSync(out, "utf8") === before;
  story.expect("deploying again", unchanged ? "changes nothing" : again, "changes nothing");
  return readJson(out);
}

async function deployEntryPoint({ client }, sender) {
  const { abi, bytecode } = createRequire(import.meta.url)("@account-abstraction/contracts/artifacts/EntryPoint.json");
  const hash = await client.deployContract({ abi, bytecode, account: sender, chain: null });
  return (await client.waitForTransactionReceipt({ hash })).contractAddress;
}

/// A mail with this Subject, signed by its provider now, and proved: the arguments `inputs` and `proof`.
async function mailProof({ story, prover, registry, chain }, name, mailbox, subject) {
  const { timestamp } = await chain.client.getBlock();
  const now = Number(timestamp);
  const mail = { address: mailbox.address, subject, timestamp: mailbox.undated ? null : now };
  const times = { clock: now, notBefore: mail.timestamp ?? 0 };
  const { public_inputs, proof, timings } = prover.prove(signedMessage(mail), mailbox, registry, times);
  const seconds = timings.witness.wall_s + timings.prove_and_verify.wall_s;
  story.tell(`  ${`${name} sends a mail; it is proved`.padEnd(72)} ${seconds.toFixed(1).padStart(9)} s`);
  return [named(public_inputs), proof];
}

async function pass({ client }, seconds) {
  await client.increaseTime({ seconds });
  await client.mine({ blocks: 1 });
}
