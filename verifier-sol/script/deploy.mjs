// Deploys the contracts, checks their code and writes their addresses:
//
//   DEPLOYER_PRIVATE_KEY=0x… npm run deploy -- --rpc URL --verifier DIR --registry-owner ADDRESS --out FILE
//
// Run it again at any time: what is there is checked and kept.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { createPublicClient, createWalletClient, http, isAddress, isHex, size } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { generatedVerifier } from "./lib/artifacts.mjs";
import { Failure, main, readJson, UsageError, writeJson } from "./lib/command.mjs";
import { deploy } from "./lib/deployment.mjs";

const usage = `\
usage: npm run deploy -- OPTIONS, with DEPLOYER_PRIVATE_KEY in the environment

  --rpc URL                   the chain's node
  --verifier DIR              what \`zkdkim export-verifier --out DIR\` wrote, or its artifacts.json
  --registry-owner ADDRESS    who adds and revokes keys: a multisig or an AccessManager
  --registry-delay SECONDS    from a root's proposal until it can count; 172800 (two days) by default
  --entry-point ADDRESS       the ERC-4337 entry point; without it no factory for accounts is deployed
  --out FILE                  where the addresses go
  --accept-insecure-dev       deploy a verifier whose proofs anybody can forge

Exit codes: 0 deployed, 1 something does not hold, 2 usage or environment.`;

await main(async () => {
  const options = readOptions();
  const verifier = generatedVerifier(options.verifier);
  const transport = http(options.rpc);
  const chain = createPublicClient({ transport });
  const chainId = await chain.getChainId().catch((error) => {
    throw new UsageError(`no node answers at ${options.rpc}: ${error.shortMessage ?? error.message}`);
  });
  const wallet = createWalletClient({ transport, account: options.account });
  if (existsSync(options.out) && readJson(options.out).chainId !== chainId) {
    throw new UsageError(`${options.out} has the addresses of another chain than ${chainId}; it is kept`);
  }
  const report = ({ name, address, gasUsed, bytes }) => {
    const cost = gasUsed ? `${gasUsed} gas` : "was there";
    console.log(`${name.padEnd(26)} ${address}  ${String(bytes).padStart(6)} bytes  ${cost}`);
  };
  const deployment = await deploy({ chain, wallet }, { ...options, verifier }, report).catch((error) => {
    throw error.shortMessage ? new Failure(error.shortMessage) : error;
  });
  writeJson(options.out, deployment);
  console.log(options.out);
});

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        rpc: { type: "string" },
        verifier: { type: "string" },
        "registry-owner": { type: "string" },
        "registry-delay": { type: "string", default: "172800" },
        "entry-point": { type: "string" },
        out: { type: "string" },
        "accept-insecure-dev": { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`);
  }
  for (const name of ["rpc", "verifier", "registry-owner", "out"]) {
    if (!values[name]) throw new UsageError(`--${name} is missing\n${usage}`);
  }
  for (const name of ["registry-owner", "entry-point"]) {
    if (values[name] && !isAddress(values[name])) throw new UsageError(`--${name}: ${values[name]} is no address`);
  }
  if (!/^\d+$/.test(values["registry-delay"])) throw new UsageError("--registry-delay is no number of seconds");
  const key = process.env.DEPLOYER_PRIVATE_KEY;
  if (!isHex(key) || size(key) !== 32) {
    throw new UsageError("DEPLOYER_PRIVATE_KEY is not 0x and 64 hexadecimal digits");
  }
  return {
    rpc: values.rpc,
    verifier: values.verifier,
    registry: { owner: values["registry-owner"], delay: BigInt(values["registry-delay"]) },
    entryPoint: values["entry-point"],
    out: values.out,
    insecureAccepted: values["accept-insecure-dev"],
    account: privateKeyToAccount(key),
  };
}
