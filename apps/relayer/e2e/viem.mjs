// viem, of the contracts' folder: nothing is installed here.

import { createRequire } from "node:module";

export const fromContracts = createRequire(new URL("../../../verifier-sol/package.json", import.meta.url));
const viem = fromContracts("viem");
export const { encodeAbiParameters, keccak256, parseEther, toHex, zeroHash } = viem;
export const { generatePrivateKey, privateKeyToAccount } = fromContracts("viem/accounts");
