// What the npm package exports, by name.

/// Contracts that are deployed as they are.
export const deployable = [
  "EmailSignatureVerifier",
  "ERC7579EmailRecovery",
  "ERC7947EmailRecovery",
  "KeyRegistryRoots",
  "OwnerValidator",
  "RecoverableAccount",
  "RecoverableAccountFactory",
  "RecoveryProofVerifier",
  "SafeEmailRecovery",
  "SignerValidator",
];

/// Interfaces, for those who call a contract of somebody else.
export const interfaces = [
  "IDKIMRegistry",
  "IEmailRecovery",
  "IKeyRegistryRoots",
  "IRecoveryProofVerifier",
  "IVerifier",
];

/// Folders that are made for the package, and never checked in.
export const generated = ["abi", "bytecode"];

/// In camel case: `ERC7947EmailRecovery` becomes `erc7947EmailRecoveryAbi`, `IEmailRecovery` `iEmailRecoveryAbi`.
export function exportName(contract, suffix) {
  return contract.replace(/^(ERC(?=\d)|[A-Z])/, (start) => start.toLowerCase()) + suffix;
}
