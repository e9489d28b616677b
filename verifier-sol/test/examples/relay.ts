import type { Account, Address, Hex, PublicClient, WalletClient } from "viem";
import { iEmailRecoveryAbi as abi } from "zkdkim-contracts/abi";

/** What `zkdkim prove` writes. */
type ProofFile = { public_inputs: Hex[]; proof: Hex };

/** The Subject that guardians have to write. Opens a round where none is open, as anybody may. */
export async function subjectOfVotes(
  chain: PublicClient,
  relayer: WalletClient & { account: Account },
  recovery: Address,
  [account, newOwner]: [Address, Hex],
): Promise<string> {
  const contract = { address: recovery, abi } as const;
  const [nonce] = await chain.readContract({ ...contract, functionName: "roundOf", args: [account] });
  if (nonce === 0n) {
    const { request } = await chain.simulateContract({
      account: relayer.account,
      ...contract,
      functionName: "openRound",
      args: [account],
    });
    // Deep enough that no other block takes its place: the round would have another number.
    await chain.waitForTransactionReceipt({ hash: await relayer.writeContract(request), confirmations: 12 });
  }
  return chain.readContract({ ...contract, functionName: "recoverySubject", args: [account, newOwner] });
}

/** Sends a guardian's vote. Anybody may do it; the effect is the same. */
export async function relayVote(
  chain: PublicClient,
  relayer: WalletClient & { account: Account },
  recovery: Address,
  [account, newOwner]: [Address, Hex],
  file: ProofFile,
): Promise<Hex> {
  const [registryRoot, emailCommitment, notBefore, nullifier, ...rest] = file.public_inputs.map(BigInt);
  const subject = rest as [bigint, bigint, bigint, bigint, bigint, bigint];
  const inputs = { registryRoot, emailCommitment, notBefore, nullifier, subject };
  const { request } = await chain.simulateContract({
    account: relayer.account,
    address: recovery,
    abi,
    functionName: "vote",
    args: [account, newOwner, inputs, file.proof],
  });
  return relayer.writeContract(request);
}
