/** A chain with the contracts, an account, mails of its guardians, and a relayer where one is built; or why there is none. */

import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const contracts = new URL("../../../verifier-sol/", import.meta.url);
const root = new URL("../../../", import.meta.url);
const folder = process.env.ZKDKIM_BIN_DIR ?? fileURLToPath(new URL("target/debug/", root));
const built = (path) => existsSync(path) && path;
const signer = built(join(folder, "examples/make_test_vectors"));
const relayer = built(join(folder, "zkdkim-relayer"));

const reasons = [
  [existsSync(new URL("out/ERC7947EmailRecovery.sol", contracts)), "the contracts are not built: npm ci && npm run build in verifier-sol"],
  [existsSync(new URL("node_modules/viem", contracts)), "verifier-sol has no node_modules: npm ci there"],
  [signer, "the signer is not built: cargo build -p zkdkim-relation --example make_test_vectors"],
];
/** The reason why tests with a chain are not run here; undefined where they are. */
export const missing = reasons.find(([there]) => !there)?.[1];
/** The same for the relayer. */
export const relayerMissing = relayer ? undefined : "the relayer is not built";

/** The chain that the salt nodes of the tests know. */
export const CHAIN = 1;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** A mail that its provider signed at a time. */
export function mailOf({ address, subject, timestamp }) {
  const domain = address.split("@")[1];
  const date = new Date(timestamp * 1000).toUTCString().replace("GMT", "+0000");
  const lines = [`From: ${address}`, `To: ${address}`, `Subject: ${subject}`, `Date: ${date}`, `Message-ID: <1@${domain}>`, "", "Text.", ""];
  return execFileSync(signer, ["--sign", domain, String(timestamp)], { input: lines.join("\r\n") });
}

export class World {
  static async start(registryRoot) {
    const lib = (name) => import(new URL(`script/lib/${name}.mjs`, contracts));
    const [{ startChain }, { compiled, generatedVerifier }, { deploy }] = await Promise.all(["anvil", "artifacts", "deployment"].map(lib));
    const require = createRequire(new URL("package.json", contracts));
    const world = Object.assign(new World(), { viem: require("viem"), accounts: require("viem/accounts"), compiled, registryRoot, count: 0 });
    world.chain = await startChain(CHAIN);
    const { client } = world.chain;
    world.people = await client.getAddresses();
    const [deployer] = world.people;
    const { abi, bytecode } = require("@account-abstraction/contracts/artifacts/EntryPoint.json");
    const hash = await client.deployContract({ abi, bytecode, account: deployer, chain: null });
    const entryPoint = (await client.waitForTransactionReceipt({ hash })).contractAddress;
    const clients = { chain: client, wallet: { sendTransaction: (transaction) => client.sendTransaction({ ...transaction, account: deployer }) } };
    const verifier = generatedVerifier(fileURLToPath(new URL("checked-in/insecure-dev-on-chain.json", contracts)));
    const options = { verifier, registry: { owner: deployer, delay: 172800n }, entryPoint, insecureAccepted: true };
    world.contracts = (await deploy(clients, options, () => {})).contracts;
    world.recovery = world.contracts.ERC7947EmailRecovery.address.toLowerCase();
    return world;
  }

  stop() {
    this.relayer?.kill("SIGKILL");
    this.chain.stop();
  }

  async send(call) {
    const { client } = this.chain;
    const hash = await client.writeContract({ ...call, account: this.people[0], chain: null });
    const { status } = await client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${call.functionName} reverted`);
  }

  /** An account whose only guardian has this commitment. */
  async account(commitment) {
    const { compiled, contracts, viem } = this;
    const factory = { address: contracts.RecoverableAccountFactory.address, abi: compiled("RecoverableAccountFactory").abi };
    const args = [this.people[0], viem.toHex(this.count++, { size: 32 })];
    await this.send({ ...factory, functionName: "createAccount", args });
    const address = await this.chain.client.readContract({ ...factory, functionName: "accountAddress", args });
    const { inputs } = compiled("ERC7947EmailRecovery").abi.find(({ name }) => name === "configure");
    const guardian = { weight: 1, commitment, guardian: commitment };
    const config = {
      verifier: contracts.RecoveryProofVerifier.address,
      setupAcknowledgement: viem.keccak256(viem.toHex("I accept forged proofs")),
      registry: contracts.KeyRegistryRoots.address,
      pinnedRoot: BigInt(this.registryRoot),
      ...{ rootDelay: 0, threshold: 1, cancelThreshold: 1, votingPeriod: 3 * DAY, delay: HOUR, expiry: 9 * DAY, maxMailAge: DAY },
      ...{ undatedMail: 1, subjectForms: 0, guardians: [guardian] },
    };
    const subscribe = [this.recovery, viem.encodeAbiParameters(inputs, [config])];
    await this.send({ address, abi: compiled("RecoverableAccount").abi, functionName: "addRecoveryProvider", args: subscribe });
    return address.toLowerCase();
  }

  /** The account publishes encrypted salts. */
  async publish(address, escrow) {
    const data = this.viem.encodeFunctionData({ abi: this.compiled("ERC7947EmailRecovery").abi, functionName: "publishEscrow", args: [escrow] });
    await this.send({ address, abi: this.compiled("RecoverableAccount").abi, functionName: "execute", args: [this.recovery, 0n, data] });
  }

  async ownerOf(address) {
    const owner = await this.chain.client.readContract({ address, abi: this.compiled("RecoverableAccount").abi, functionName: "owner" });
    return owner.toLowerCase();
  }

  async now() {
    return Number((await this.chain.client.getBlock()).timestamp);
  }

  async pass(seconds) {
    await this.chain.client.increaseTime({ seconds });
    await this.chain.client.mine({ blocks: 1 });
  }

  /** Starts a relayer in a folder; gives the URL of its door. */
  async startRelayer(place, registry, cache) {
    const key = this.accounts.generatePrivateKey();
    await this.chain.client.setBalance({ address: this.accounts.privateKeyToAccount(key).address, value: 10n ** 21n });
    writeFileSync(join(place, "key"), `${key}\n`, { mode: 0o600 });
    execFileSync("mkdir", ["-p", "-m", "700", join(place, "salts")]);
    const config = `database = "sqlite:relayer.db"
registry = ${JSON.stringify(registry)}
salts = { folder = "salts" }
proving = { cache = ${JSON.stringify(cache)}, allow_insecure_dev = true }
http = { listen = "127.0.0.1:0", mail_to = "recovery@relayer.example" }
admin = { listen = "127.0.0.1:0" }
limits = { poll_seconds = 0.2, requests_a_minute = 100000, transactions_a_day = 1000 }
[chains.${CHAIN}]
rpc = ${JSON.stringify(this.chain.url)}
contracts = ["${this.recovery}"]
key_file = "key"
confirmations = 1
max_fee_gwei = 1000
resend_seconds = 10
`;
    writeFileSync(join(place, "relayer.toml"), config, { mode: 0o600 });
    this.relayer = spawn(relayer, ["serve", "--config", join(place, "relayer.toml")], { stdio: ["ignore", "ignore", "pipe"] });
    process.once("exit", () => this.relayer.kill("SIGKILL"));
    return new Promise((resolve, reject) => {
      const log = [];
      let url;
      this.relayer.once("exit", () => reject(new Error(`the relayer ended: ${log.slice(-3).join("\n")}`)));
      createInterface(this.relayer.stderr).on("line", (line) => {
        log.push(line);
        const { fields } = line.startsWith("{") ? JSON.parse(line) : {};
        if (fields?.message === "open" && fields.door === "http") url = `http://127.0.0.1:${/:(\d+)$/.exec(fields.address)[1]}/`;
        if (fields?.message === "ready") resolve(url);
      });
    });
  }
}

const hex = (text) => Buffer.from(text).toString("hex");

/** A wallet for a page (EIP-6963, EIP-1193) whose owner the test is. */
export async function giveWallet(page, url, owner) {
  let last = 0;
  const chain = async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++last, method, params });
    const answer = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    return answer.error === undefined ? { result: answer.result } : { error: answer.error };
  };
  await page.exposeFunction("testWallet", async ({ method, params = [] }) => {
    if (method === "eth_requestAccounts") return { result: [owner.address] };
    if (method === "eth_chainId" && owner.chain !== undefined) return { result: `0x${owner.chain.toString(16)}` };
    if (method === "wallet_switchEthereumChain") {
      if (owner.staysThere) return { error: { code: 4001, message: "no" } };
      owner.chain = Number(params[0].chainId);
      return { result: null };
    }
    if (["eth_sendTransaction", "personal_sign"].includes(method) && owner.refuses) return { error: { code: 4001, message: "no" } };
    const answer = await chain(method, params);
    // A node that lies about the Subject.
    if (owner.told !== undefined && method === "eth_call") answer.result = answer.result?.replace(hex(owner.told), hex(owner.tells));
    return answer;
  });
  await page.addInitScript(() => {
    const request = async (call) => {
      const { result, error } = await globalThis.testWallet(call);
      if (error !== undefined) throw Object.assign(new Error(error.message), error);
      return result;
    };
    const detail = { info: { name: "Test wallet", uuid: "1" }, provider: { request } };
    const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    addEventListener("eip6963:requestProvider", announce);
    announce();
  });
}
