/** Wallets that announce themselves (EIP-6963), and a recovery contract through the one that was picked. */

import { PageFault } from "./fault.js";

/** Loaded when a wallet is first used. */
const load = () => import("./vendor/viem.js");

/** Of the contract, what a guardian and an owner need; its errors by name. */
const ABI = [
  "struct Inputs { uint256 registryRoot; uint256 emailCommitment; uint256 notBefore; uint256 nullifier; uint256[6] subject; }",
  "struct Pending { bytes newOwner; uint40 executableFrom; uint40 expiresAt; }",
  "function setupOf(address account) view returns (uint64 nonce, uint256 configuredAt)",
  "function roundOf(address account) view returns (uint64 nonce, uint256 openedAt, uint256 closesAt)",
  "function acceptanceSubject(address account) view returns (string)",
  "function recoverySubject(address account, bytes newOwner) view returns (string)",
  "function cancellationSubject(address account) view returns (string)",
  "function pendingRecoveryOf(address account) view returns (Pending)",
  "function weightOf(address account, bytes newOwner) view returns (uint256 weight, uint256 threshold)",
  "function cancelWeightOf(address account) view returns (uint256 weight, uint256 threshold)",
  "function openRound(address account)",
  "function acceptGuardian(address account, Inputs inputs, bytes proof)",
  "function vote(address account, bytes newOwner, Inputs inputs, bytes proof)",
  "function voteToCancel(address account, Inputs inputs, bytes proof)",
  "function execute(address account)",
  "function guardianOf(address account, uint256 commitment) view returns (uint256 weight)",
  "function publishEscrow(bytes escrow)",
  "event SaltsEscrowed(address indexed account, bytes escrow)",
  "error NotConfigured(address account)",
  "error RoundNotOpen(address account)",
  "error RoundOpen(address account, uint64 nonce, uint256 closesAt)",
  "error NotGuardian(address account, uint256 commitment)",
  "error AlreadyAccepted(address account, uint256 commitment)",
  "error NotAccepted(address account, uint256 commitment)",
  "error MailNotNewer(uint256 notBefore, uint256 previous)",
  "error SubjectFormRefused(uint8 accepted)",
  "error SubjectMismatch(uint256[6] expected, uint256[6] got)",
  "error RootNotAccepted(uint256 root)",
  "error MailTooOld(uint256 notBefore, uint256 oldest)",
  "error MailFromTheFuture(uint256 notBefore, uint256 latest)",
  "error UndatedMailRefused()",
  "error MailAlreadyUsed(address account, uint256 nullifier)",
  "error InvalidProof()",
  "error InvalidNewOwner(address account, bytes newOwner)",
  "error RecoveryPending(address account, uint64 nonce)",
  "error NoRecoveryPending(address account)",
  "error DelayNotPassed(uint256 timestamp, uint256 executableFrom)",
  "error RecoveryExpired(uint256 timestamp, uint256 expiresAt)",
  "error NotEnoughWeight(uint256 weight, uint256 threshold)",
];

/** @param {(wallet: {info: {name: string, uuid: string}, provider: {request(call: object): Promise<unknown>}}) => void} onWallet */
export function discover(onWallet) {
  const seen = new Set();
  const announced = ({ detail }) => {
    if (typeof detail?.info?.name !== "string" || typeof detail.provider?.request !== "function" || seen.has(detail.info.uuid)) return;
    seen.add(detail.info.uuid);
    onWallet(detail);
  };
  window.addEventListener("eip6963:announceProvider", announced);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => window.removeEventListener("eip6963:announceProvider", announced);
}

/** What a wallet or a contract refused. */
function explained(viem, error) {
  if (!(error instanceof viem.BaseError)) return error;
  const reverted = error.walk((one) => one instanceof viem.ContractFunctionRevertedError);
  if (reverted instanceof viem.ContractFunctionRevertedError) {
    return new PageFault(reverted.data?.errorName ?? "reverted", { words: reverted.reason ?? reverted.signature ?? "" });
  }
  const { code } = error.walk((one) => one.code === 4001) ?? {};
  if (code === 4001) return new PageFault("wallet-rejected");
  return new PageFault("wallet", { words: error.details || error.shortMessage });
}

/** A wallet whose owner let this page see an address. */
export class Wallet {
  /** Asks for the address, and for nothing else. */
  static async connect({ info, provider }) {
    const viem = await load();
    const client = viem.createClient({ transport: viem.custom(provider, { retryCount: 0 }), ccipRead: false, pollingInterval: 500 });
    try {
      const [address] = await viem.requestAddresses(client);
      if (address === undefined) throw new PageFault("wallet-empty");
      return new Wallet(viem, client, info.name, address);
    } catch (error) {
      throw explained(viem, error);
    }
  }

  constructor(viem, client, name, address) {
    Object.assign(this, { viem, client, name, address: address.toLowerCase() });
  }

  async #attempt(work) {
    try {
      return await work(this.viem);
    } catch (error) {
      throw explained(this.viem, error);
    }
  }

  chain() {
    return this.#attempt((viem) => viem.getChainId(this.client));
  }

  /** Asks the wallet to turn to a chain, where it is at another. */
  async turnTo(wanted) {
    const got = await this.chain();
    if (String(got) === String(wanted)) return;
    const id = Number(wanted);
    await this.viem.switchChain(this.client, { id }).catch(() => undefined);
    if ((await this.chain()) !== id) throw new PageFault("wrong-chain", { got, wanted });
  }

  /** The chain's own time, in seconds since 1970. */
  now() {
    return this.#attempt(async (viem) => Number((await viem.getBlock(this.client)).timestamp));
  }

  /** Signs a text (EIP-191). */
  sign(text) {
    return this.#attempt((viem) => viem.signMessage(this.client, { account: this.address, message: text }));
  }

  /** The newest block: its number and hash. */
  block() {
    return this.#attempt((viem) => viem.getBlock(this.client));
  }

  /** Events of an account, or of all, the oldest first. */
  events({ chain, contract, account }, eventName, fromBlock, toBlock) {
    return this.#attempt(async (viem) => {
      await this.turnTo(chain);
      const args = account === undefined ? {} : { account };
      return viem.getContractEvents(this.client, { address: contract, abi: viem.parseAbi(ABI), eventName, args, fromBlock, toBlock });
    });
  }

  read({ chain, contract }, functionName, args) {
    return this.#attempt(async (viem) => {
      await this.turnTo(chain);
      return viem.readContract(this.client, { address: contract, abi: viem.parseAbi(ABI), functionName, args });
    });
  }

  /** Sends a transaction that was tried before, and waits until it is in a block. */
  send({ chain, contract }, functionName, args) {
    return this.#attempt(async (viem) => {
      await this.turnTo(chain);
      const call = { address: contract, abi: viem.parseAbi(ABI), functionName, args, account: this.address };
      await viem.simulateContract(this.client, call);
      const hash = await viem.writeContract(this.client, { ...call, chain: null });
      const { status } = await viem.waitForTransactionReceipt(this.client, { hash });
      if (status !== "success") throw new PageFault("failed-on-chain", { hash });
      return hash;
    });
  }
}

const ACTIONS = {
  recover: ({ account, newKey }, inputs, proof) => ["vote", [account, newKey, inputs, proof]],
  cancel: ({ account }, inputs, proof) => ["voteToCancel", [account, inputs, proof]],
  accept: ({ account }, inputs, proof) => ["acceptGuardian", [account, inputs, proof]],
};

/** The call that a proof file is for. */
export function callOf(target, file) {
  const { public_inputs: column, proof } = JSON.parse(file);
  const [registryRoot, emailCommitment, notBefore, nullifier, ...subject] = column.map(BigInt);
  return ACTIONS[target.action](target, { registryRoot, emailCommitment, notBefore, nullifier, subject }, proof);
}

/** What the contract says of a target: the number that a mail has to name, 0 where no round is open, and the Subject. */
export async function standing(wallet, target) {
  const { account, newKey, action } = target;
  const [setup] = await wallet.read(target, "setupOf", [account]);
  if (setup === 0n) throw new PageFault("NotConfigured");
  if (action === "accept") return { nonce: setup, subject: await wallet.read(target, "acceptanceSubject", [account]) };
  const [nonce] = await wallet.read(target, "roundOf", [account]);
  if (nonce === 0n) return { nonce };
  const [name, args] = action === "cancel" ? ["cancellationSubject", [account]] : ["recoverySubject", [account, newKey]];
  return { nonce, subject: await wallet.read(target, name, args) };
}

/** How far a recovery is. */
export async function progressOf(wallet, target) {
  const { account, newKey, action } = target;
  const [nonce, , closesAt] = await wallet.read(target, "roundOf", [account]);
  const pending = await wallet.read(target, "pendingRecoveryOf", [account]);
  const [weight, threshold] =
    action === "cancel" ? await wallet.read(target, "cancelWeightOf", [account]) : await wallet.read(target, "weightOf", [account, newKey]);
  const { executableFrom, expiresAt } = pending;
  return { now: await wallet.now(), nonce, closesAt: Number(closesAt), pendingKey: pending.newOwner, executableFrom, expiresAt, weight, threshold };
}

/** What an account published for its guardians, one escrow behind the other. */
export async function escrowsOf(wallet, target, since = 0) {
  const events = await wallet.events(target, "SaltsEscrowed", BigInt(since));
  const digits = events.map(({ args }) => args.escrow.slice(2)).join("");
  if (digits === "") throw new PageFault("no-escrow");
  return Uint8Array.from(digits.match(/../g), (byte) => parseInt(byte, 16));
}

/** Fewest blocks that a node has to answer for at once. */
const FEWEST = 500n;

/** What all accounts of a contract published, the oldest first: all at once, or in parts where the node takes no more. */
export async function* allEscrows(wallet, { chain, contract }, since = 0) {
  await wallet.turnTo(chain);
  const { number: last } = await wallet.block();
  let size = last + 1n;
  for (let from = BigInt(since); from <= last; ) {
    const to = from + size - 1n < last ? from + size - 1n : last;
    let events;
    try {
      events = await wallet.events({ chain, contract }, "SaltsEscrowed", from, to);
    } catch (error) {
      if (size <= FEWEST) throw error;
      size /= 4n;
      continue;
    }
    yield* events.map(({ args, blockNumber }) => ({ account: args.account.toLowerCase(), block: blockNumber, escrow: args.escrow }));
    from = to + 1n;
  }
}

/** A guardian's weight; 0 where it is none. */
export function weightOf(wallet, target, commitment) {
  return wallet.read(target, "guardianOf", [target.account, BigInt(commitment)]);
}
