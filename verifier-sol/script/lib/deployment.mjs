// Deploys the contracts at addresses that follow from their code and arguments (CREATE2), the same on
// every chain, and checks the code that is there afterwards.

import { encodeDeployData, getContractAddress, keccak256, size, toHex } from "viem";
import { compiled } from "./artifacts.mjs";
import { Failure } from "./command.mjs";

/// The deterministic deployment proxy (https://github.com/Arachnid/deterministic-deployment-proxy):
/// takes a salt and an init code, calls CREATE2, returns the address.
const proxy = {
  address: "0x4e59b44847b379578588920cA78FbF26c0B4956C",
  code:
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f5" +
    "8015156039578182fd5b8082525050506014600cf3",
};
const salt = keccak256(toHex("zkdkim/v2"));

/// What the constructors of insecure verifiers want to hear.
const acknowledgement = keccak256(toHex("I accept forged proofs"));
const none = toHex(0, { size: 32 });

/// Everything an account needs. `clients` are viem's public and wallet client, `verifier` is a generated
/// verifier, `registry` its owner and delay, `entryPoint` that of the accounts (undefined: no factory).
/// Contracts that are there already are checked like new ones. The result can be written as it is;
/// `report` is told about each contract.
export async function deploy(clients, { verifier, registry, entryPoint, insecureAccepted }, report) {
  const insecure = verifier.srsKind !== "ceremony";
  if (insecure && !insecureAccepted) {
    throw new Failure(
      `the verifier's SRS is ${verifier.srsKind}: anybody can forge its proofs; --accept-insecure-dev deploys it all ` +
        "the same, for development only",
    );
  }
  await requireProxy(clients.chain);
  if (entryPoint) await requireCode(clients.chain, entryPoint, "the entry point");

  const acknowledged = insecure ? acknowledgement : none;
  const contracts = {};
  const put = async (name, contract, args = [], links = {}) => {
    const { address, ...rest } = await place(clients, contract, args, links);
    contracts[name] = { address, runtimeKeccak: contract.runtimeKeccak };
    report({ name, address, ...rest });
    return address;
  };

  const key = await put("VerifyingKey", verifier.key);
  // Only an insecure verifier's constructor asks for more than the key.
  const generatedArgs = insecure ? [key, acknowledged] : [key];
  const generated = await put("Verifier", verifier.verifier, generatedArgs, { key });
  const adapter = await put("RecoveryProofVerifier", compiled("RecoveryProofVerifier"), [generated, acknowledged]);
  const roots = await put("KeyRegistryRoots", compiled("KeyRegistryRoots"), [registry.owner, registry.delay]);
  await put("EmailSignatureVerifier", compiled("EmailSignatureVerifier"), [adapter, roots]);
  for (const name of ["ERC7947EmailRecovery", "ERC7579EmailRecovery", "SafeEmailRecovery"]) {
    await requirePart(clients.chain, await put(name, compiled(name)), compiled(name), "CHANGES", "EmailRecoveryChanges");
  }
  const modular = contracts.ERC7579EmailRecovery.address;
  await requirePart(clients.chain, modular, compiled("ERC7579EmailRecovery"), "RULES", "KeyCallRules");
  for (const name of ["OwnerValidator", "SignerValidator"]) await put(name, compiled(name));
  if (entryPoint) await put("RecoverableAccountFactory", compiled("RecoverableAccountFactory"), [entryPoint]);

  const { abi } = compiled("RecoveryProofVerifier");
  const digest = await clients.chain.readContract({ address: adapter, abi, functionName: "verifyingKeyDigest" });
  if (digest !== verifier.keyDigest) {
    throw new Failure(`the verifier on the chain has the key ${digest}, not ${verifier.keyDigest}`);
  }
  return {
    type: "zkdkim-deployment",
    version: 1,
    chainId: await clients.chain.getChainId(),
    circuit: verifier.circuitId,
    verifyingKey: verifier.keyDigest,
    srs: verifier.srsKind,
    registry: { owner: registry.owner, delay: Number(registry.delay) },
    ...(entryPoint && { entryPoint }),
    contracts,
  };
}

/// Puts one contract at its address, unless it is there, and checks its code.
async function place({ chain, wallet }, contract, args, links) {
  const { abi, initcode, name } = contract;
  const bytecode = encodeDeployData({ abi, bytecode: initcode, args });
  const address = getContractAddress({ opcode: "CREATE2", from: proxy.address, salt, bytecode });
  let gasUsed;
  if (!(await chain.getCode({ address }))) {
    const hash = await wallet.sendTransaction({ chain: null, to: proxy.address, data: salt + bytecode.slice(2) });
    const receipt = await chain.waitForTransactionReceipt({ hash });
    // Anybody can deploy the same; then it is there although this transaction reverted.
    if (receipt.status !== "success" && !(await chain.getCode({ address }))) {
      throw new Failure(`the deployment of ${name} reverted: transaction ${hash}`);
    }
    gasUsed = receipt.gasUsed;
  }
  const code = await requireCode(chain, address, name);
  const got = contract.runtimeOf(code, links);
  if (got !== contract.runtimeKeccak) {
    throw new Failure(`the code of ${name} at ${address} has the digest ${got}, not ${contract.runtimeKeccak}`);
  }
  return { address, gasUsed, bytes: size(code) };
}

/// A contract that another one has deployed for itself has the code that it must have.
async function requirePart(chain, address, { abi, name }, getter, part) {
  const there = await chain.readContract({ address, abi, functionName: getter });
  const got = keccak256(await requireCode(chain, there, `${part} of ${name}`));
  const { runtimeKeccak } = compiled(part);
  if (got !== runtimeKeccak) {
    throw new Failure(`the code of ${part} at ${there} has the digest ${got}, not ${runtimeKeccak}`);
  }
}

async function requireProxy(chain) {
  const code = await chain.getCode({ address: proxy.address });
  if (code !== proxy.code) {
    const found = code ? "another contract is" : "nothing is";
    throw new Failure(
      `the deterministic deployment proxy is not at ${proxy.address} on this chain (${found}); ` +
        "https://github.com/Arachnid/deterministic-deployment-proxy says how to put it there",
    );
  }
}

async function requireCode(chain, address, what) {
  const code = await chain.getCode({ address });
  if (!code) throw new Failure(`${what} has no code at ${address}`);
  return code;
}
