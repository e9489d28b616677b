// An account (RecoverableAccount) as a wallet uses it: user operations through the entry point, messages
// through ERC-1271.

import { concat, encodeFunctionData, hashMessage, numberToHex } from "viem";
import { entryPoint08Abi } from "viem/account-abstraction";
import { hashMessage as hashMessageOfAccount } from "viem/experimental/erc7739";
import { compiled } from "./artifacts.mjs";

const accepted = "0x1626ba7e";
const gas = { verification: 200_000n, call: 2_000_000n, before: 100_000n, price: 10_000_000_000n };

export class Account {
  #chain;
  #entryPoint;
  abi = compiled("RecoverableAccount").abi;

  constructor(chain, entryPoint, address) {
    this.#chain = chain;
    this.#entryPoint = entryPoint;
    this.address = address;
  }

  owner() {
    return this.#chain.client.readContract({ ...this.#self(), functionName: "owner" });
  }

  /// Whether the account accepts a message that `signer` signed for it.
  async acceptsMessageOf(signer, message) {
    const signature = await signer.sign(this.messageDigest(message));
    const call = { ...this.#self(), functionName: "isValidSignature", args: [hashMessage(message), signature] };
    return (await this.#chain.client.readContract(call)) === accepted;
  }

  /// What is signed for ERC-1271: the message for this account on this chain (ERC-7739), so that it counts
  /// for no other account of the same owner.
  messageDigest(message) {
    const { chainId } = this.#chain;
    const verifierDomain = { name: "RecoverableAccount", version: "1", chainId, verifyingContract: this.address };
    return hashMessageOfAccount({ message, verifierDomain });
  }

  /// The entry point's call with a user operation that makes the account do a call of its own.
  async operation(signer, functionName, args, beneficiary) {
    const entryPoint = { address: this.#entryPoint, abi: entryPoint08Abi };
    const read = (functionName, args) => this.#chain.client.readContract({ ...entryPoint, functionName, args });
    const operation = {
      sender: this.address,
      nonce: await read("getNonce", [this.address, 0n]),
      initCode: "0x",
      callData: encodeFunctionData({ abi: this.abi, functionName, args }),
      accountGasLimits: pair(gas.verification, gas.call),
      preVerificationGas: gas.before,
      gasFees: pair(1n, gas.price),
      paymasterAndData: "0x",
      signature: "0x",
    };
    operation.signature = await signer.sign(await read("getUserOpHash", [operation]));
    return { ...entryPoint, functionName: "handleOps", args: [[operation], beneficiary] };
  }

  #self() {
    return { address: this.address, abi: this.abi };
  }
}

function pair(high, low) {
  return concat([numberToHex(high, { size: 16 }), numberToHex(low, { size: 16 })]);
}
