// What the page takes of viem; scripts/site.mjs bundles it, and it is loaded when a wallet is used.
export { BaseError, ContractFunctionRevertedError, createClient, custom, parseAbi } from "viem";
export {
  getBlock,
  getChainId,
  getContractEvents,
  readContract,
  requestAddresses,
  signMessage,
  simulateContract,
  switchChain,
  waitForTransactionReceipt,
  writeContract,
} from "viem/actions";
