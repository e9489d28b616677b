// The package as a TypeScript program uses it; compiled, never run.
import { createPublicClient, encodeFunctionData, http } from "viem";
import { erc7947EmailRecoveryAbi, iEmailRecoveryAbi, keyRegistryRootsAbi } from "zkdkim-contracts/abi";
import { keyRegistryRootsBytecode } from "zkdkim-contracts/bytecode";
import { readNotices, watchNotices, type Notice } from "zkdkim-contracts/watch";

const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
const [account, address] = ["0x00", "0x01"] as const;

export const round: Promise<readonly [nonce: bigint, openedAt: bigint, closesAt: bigint]> = client.readContract({
  address,
  abi: iEmailRecoveryAbi,
  functionName: "roundOf",
  args: [account],
});
export const pending: Promise<{ newOwner: `0x${string}`; executableFrom: number; expiresAt: number }> =
  client.readContract({ address, abi: erc7947EmailRecoveryAbi, functionName: "pendingRecoveryOf", args: [account] });
export const execute: `0x${string}` = encodeFunctionData({
  abi: erc7947EmailRecoveryAbi,
  functionName: "execute",
  args: [account],
});
export const initcode: `0x${string}` = keyRegistryRootsBytecode.initcode;

const watched = { recovery: address, accounts: [account], from: 0n };
export const read: Promise<{ notices: Notice[]; next: bigint }> = readNotices(client, watched);
export const alarms = async () => {
  for await (const { notices } of watchNotices(client, { ...watched, pollSeconds: 1 })) {
    for (const { level, text, until } of notices) if (level === "alarm") console.log(text, until);
  }
};

// @ts-expect-error there is no such function
client.readContract({ address, abi: keyRegistryRootsAbi, functionName: "isAcceptable", args: [1n] });
// @ts-expect-error a root is a number
client.readContract({ address, abi: keyRegistryRootsAbi, functionName: "isAccepted", args: ["1"] });
