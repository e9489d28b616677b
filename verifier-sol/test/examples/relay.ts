import type { Account, Address, Hex, PublicClient, WalletClient } from "viem";
import { iEmailRecoveryAbi as abi } from "zkdkim-contracts/abi";

/** What `zkdkim prove` writes. */
type ProofFile = { public_inputs: Hex[]; proof: Hex };

/** Sends a guardian's vote. Anybody may do it; the effect is the same. */
export async function relayVote(
  chain: PublicClient,
  relayer: WalletClient & { account: Account },
  recovery: Address,
  [account, newKey]: [Address, Address],
  file: ProofFile,
): Promise<Hex> {
  const [registryRoot, emailCommitment, timestamp, nullifier, ...rest] = file.public_inputs.map(BigInt);
  const subject = rest as [bigint, bigint, bigint, bigint, bigint, bigint];
  const inputs = { registryRoot, emailCommitment, timestamp, nullifier, subject };
  const { request } = await chain.simulateContract({
    account: relayer.account,
    address: recovery,
    abi,
    functionName: "vote",
    args: [account, newKey, inputs, file.proof],
  });
  return relayer.writeContract(request);
}
