// viem, of the contracts' folder: nothing is installed here.

import { createRequire } from "node:module";

export const fromContracts = createRequire(new URL("../../../verifier-sol/package.json", import.meta.url));
const viem = fromContracts("viem");
export const { encodeAbiParameters, encodeFunctionData, keccak256, parseEther, toHex } = viem;
export const { generatePrivateKey, privateKeyToAccount } = fromContracts("viem/accounts");

/// A client with all actions for a development chain.
export function clientOf(url) {
  return viem
    .createTestClient({ mode: "anvil", transport: viem.http(url), pollingInterval: 20 })
    .extend(viem.publicActions)
    .extend(viem.walletActions);
}
