// Everything around a relayer: a chain, the contracts, a registry of the test providers' keys, accounts with guardians whose
// salts lie in a folder, and a configuration. All of it insecure, and gone with its folder.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Account } from "../../../verifier-sol/script/lib/account.mjs";
import { startChain } from "../../../verifier-sol/script/lib/anvil.mjs";
import { compiled, generatedVerifier } from "../../../verifier-sol/script/lib/artifacts.mjs";
import { Failure, readJson } from "../../../verifier-sol/script/lib/command.mjs";
import { deploy } from "../../../verifier-sol/script/lib/deployment.mjs";
import { Prover } from "../../../verifier-sol/script/lib/prover.mjs";
import {
  encodeAbiParameters,
  encodeFunctionData,
  fromContracts,
  clientOf,
  generatePrivateKey,
  keccak256,
  parseEther,
  privateKeyToAccount,
  toHex,
} from "./viem.mjs";

const CHAIN = 31337;
const hour = 3600;
const day = 24 * hour;
const times = { votingPeriod: 3 * day, delay: hour, expiry: 9 * day, maxMailAge: day };
const setupAcknowledgement = keccak256(toHex("I accept forged proofs"));

/// The domains that the test vectors have keys of.
export const providers = ["example.com", "example.net", "example.org", "mail.example.com"];

export const recoveryAbi = compiled("ERC7947EmailRecovery").abi;
const accountAbi = compiled("RecoverableAccount").abi;
const factoryAbi = compiled("RecoverableAccountFactory").abi;

/// SRS and keys over it, apart from those of the user: the SRS here is insecure, and setting it up makes it the default.
export const cache =
  process.env.ZKDKIM_CACHE ?? fileURLToPath(new URL("../../../verifier-sol/cache/zkdkim", import.meta.url));

export class World {
  folder;
  #accounts = 0;
  #ownerKey;

  /// Starts a chain and deploys everything, but accounts. The registry is of the test providers, unless there is another.
  static async start(folder, registry) {
    const world = new World();
    world.folder = folder;
    world.prover = new Prover();
    world.chain = await startChain(CHAIN);
    try {
      await world.#settle(registry);
    } catch (error) {
      world.stop();
      throw error;
    }
    return world;
  }

  /// The world of `zkdkim-relayer serve --dev`, which another process runs.
  static attach(folder) {
    const { url, ownerKey, contracts, registry } = readJson(join(folder, "world.json"));
    const world = new World();
    world.folder = folder;
    // Every trial has accounts of its own.
    world.#accounts = Date.now();
    world.prover = new Prover();
    world.chain = { url, client: clientOf(url), stop() {} };
    world.contracts = contracts;
    world.registry = registry;
    world.#know(ownerKey);
    return world;
  }

  /// What another process needs to attach.
  state() {
    const { contracts, registry } = this;
    return { url: this.chain.url, ownerKey: this.#ownerKey, contracts, registry };
  }

  #know(ownerKey) {
    this.#ownerKey = ownerKey;
    this.owner = privateKeyToAccount(ownerKey);
    this.salts = join(this.folder, "salts");
    this.recovery = { address: this.contracts.ERC7947EmailRecovery.address, abi: recoveryAbi };
  }

  stop() {
    this.chain.stop();
    this.prover.close();
  }

  async #settle(known) {
    const { client } = this.chain;
    const ownerKey = generatePrivateKey();
    this.relayerKey = generatePrivateKey();
    const deployer = privateKeyToAccount(generatePrivateKey());
    const relayer = privateKeyToAccount(this.relayerKey);
    for (const { address } of [privateKeyToAccount(ownerKey), deployer, relayer]) {
      await client.setBalance({ address, value: parseEther("1000") });
    }
    this.relayer = relayer.address;
    const { abi, bytecode } = fromContracts("@account-abstraction/contracts/artifacts/EntryPoint.json");
    const hash = await client.deployContract({ abi, bytecode, account: deployer, chain: null });
    const entryPoint = (await client.waitForTransactionReceipt({ hash })).contractAddress;
    const send = (transaction) => client.sendTransaction({ ...transaction, account: deployer });
    const clients = { chain: client, wallet: { sendTransaction: send } };
    const verifier = generatedVerifier(this.prover.exportVerifier());
    const registry = { owner: deployer.address, delay: 172800n };
    const options = { verifier, registry, entryPoint, insecureAccepted: true };
    const { contracts } = await deploy(clients, options, () => {});
    this.contracts = contracts;
    this.#know(ownerKey);
    mkdirSync(this.salts, { mode: 0o700 });
    const { file, root } = known ?? this.prover.registry(providers);
    this.registry = { file: join(this.folder, "registry.json"), root };
    copyFileSync(file, this.registry.file);
    writeFileSync(join(this.folder, "key"), `${this.relayerKey}\n`, { mode: 0o600 });
  }

  /// A mailbox whose salt the relayer has.
  mailbox(address) {
    const mailbox = this.prover.mailbox(address);
    copyFileSync(mailbox.saltFile, join(this.salts, `${mailbox.commitment.slice(2, 18)}.salt`));
    return mailbox;
  }

  /// A mailbox whose salt only its owner has.
  privateMailbox(address) {
    return this.prover.mailbox(address);
  }

  /// An account of the owner, with these guardians.
  async account(guardians, threshold) {
    const factory = { address: this.contracts.RecoverableAccountFactory.address, abi: factoryAbi };
    const args = [this.owner.address, toHex(this.#accounts++, { size: 32 })];
    await this.send({ ...factory, functionName: "createAccount", args });
    const address = await this.chain.client.readContract({ ...factory, functionName: "accountAddress", args });
    const config = {
      verifier: this.contracts.RecoveryProofVerifier.address,
      setupAcknowledgement,
      registry: this.contracts.KeyRegistryRoots.address,
      // Counts at once, so that the chain's clock stays that of the mails.
      pinnedRoot: this.registry.root,
      rootDelay: 0,
      threshold,
      cancelThreshold: threshold,
      ...times,
      undatedMail: 1,
      subjectForms: 0,
      guardians: guardians.map(({ commitment }) => ({ guardian: commitment, weight: 1 })),
    };
    const { inputs } = recoveryAbi.find(({ name }) => name === "configure");
    const subscribe = [this.recovery.address, encodeAbiParameters(inputs, [config])];
    await this.send({ address, abi: accountAbi, functionName: "addRecoveryProvider", args: subscribe });
    return address;
  }

  /// The owner publishes the encrypted salts of the account's guardians.
  async publishEscrows(address, escrows) {
    const escrow = `0x${escrows.map((text) => text.slice(2)).join("")}`;
    const data = encodeFunctionData({ abi: recoveryAbi, functionName: "publishEscrow", args: [escrow] });
    await this.send({ address, abi: accountAbi, functionName: "execute", args: [this.recovery.address, 0n, data] });
  }

  /// The account's signature on a message, as contracts sign (ERC-1271, ERC-7739).
  signFor(address, message) {
    const account = new Account({ client: this.chain.client, chainId: CHAIN }, undefined, address);
    return this.owner.sign({ hash: account.messageDigest(message) });
  }

  ownerOf(address) {
    return this.chain.client.readContract({ address, abi: accountAbi, functionName: "owner" });
  }

  read(functionName, args) {
    return this.chain.client.readContract({ ...this.recovery, functionName, args });
  }

  async send(call) {
    const { client } = this.chain;
    const hash = await client.writeContract({ ...call, account: this.owner, chain: null });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Failure(`${call.functionName} reverted`);
  }

  /// The recovery contract's events of a name, from the beginning.
  events(eventName) {
    return this.chain.client.getContractEvents({ ...this.recovery, eventName, fromBlock: 0n });
  }

  /// How many transactions of the relayer did not revert.
  async successes() {
    const { client } = this.chain;
    let successes = 0;
    for (let blockNumber = 0n; blockNumber <= (await client.getBlockNumber()); blockNumber++) {
      const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true });
      for (const { from, hash } of transactions) {
        if (from.toLowerCase() !== this.relayer.toLowerCase()) continue;
        const { status } = await client.getTransactionReceipt({ hash });
        if (status === "success") successes++;
      }
    }
    return successes;
  }

  async now() {
    return Number((await this.chain.client.getBlock()).timestamp);
  }

  async pass(seconds) {
    await this.chain.client.increaseTime({ seconds });
    await this.chain.client.mine({ blocks: 1 });
  }

  /// Writes a configuration for this world and returns its path.
  configuration({ database, ports, nodes, answers, rpc = this.chain.url, confirmations = 1 }) {
    const { http, lmtp, admin } = { http: 0, lmtp: 0, admin: 0, ...ports };
    const file = join(this.folder, "relayer.toml");
    const text = `\
database = ${JSON.stringify(database)}
registry = "registry.json"
salts = { folder = "salts"${nodes ? `, nodes = ${nodes.configuration(this.folder)}` : ""} }
proving = { cache = ${JSON.stringify(cache)}, allow_insecure_dev = true }
http = { listen = "127.0.0.1:${http}", mail_to = "recovery@relayer.example" }
lmtp = { listen = "127.0.0.1:${lmtp}" }
admin = { listen = "127.0.0.1:${admin}" }
${answers ? `answers = { host = "127.0.0.1", port = ${answers}, from = "Recovery <recovery@relayer.example>" }\nnotices = {}\n` : ""}\
webhooks = { requests = true, allow_insecure = true }
limits = { poll_seconds = 0.2, requests_a_minute = 100000, transactions_a_day = 1000 }

[chains.${CHAIN}]
rpc = ${JSON.stringify(rpc)}
contracts = ["${this.recovery.address}"]
key_file = "key"
confirmations = ${confirmations}
max_fee_gwei = 1000
resend_seconds = 10
`;
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}
