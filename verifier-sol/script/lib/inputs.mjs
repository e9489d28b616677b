// The public inputs of a proof: as a column, in the order of `RecoveryPublicInputs`, and by its names; and what guardians sign that
// are no mailboxes.

import { keccak256 } from "viem";

/// By name, from the column.
export function named([registryRoot, emailCommitment, notBefore, nullifier, ...subject]) {
  return { registryRoot, emailCommitment, notBefore, nullifier, subject };
}

/// The column, from what has the names.
export function column({ registryRoot, emailCommitment, notBefore, nullifier, subject }) {
  return [registryRoot, emailCommitment, notBefore, nullifier, ...subject];
}

/// The id of a guardian that is a signer of ERC-7913: 255 bits of its bytes' keccak256, under the highest bit.
export function signerId(signer) {
  return BigInt(keccak256(signer)) | (1n << 255n);
}

/// What such a guardian signs, as a wallet's `signTypedData` takes it: `Guard`, `Recover` or `Cancel` of
/// `RecoveryMessages`.
export function typedMessage({ chainId, recovery, action, message }) {
  const domain = { name: "zkdkim email recovery", version: "1", chainId, verifyingContract: recovery };
  const newOwner = action === "Recover" ? [{ name: "newOwner", type: "bytes" }] : [];
  const fields = [
    { name: "account", type: "address" },
    { name: "nonce", type: "uint64" },
    ...newOwner,
    { name: "signedAt", type: "uint40" },
  ];
  return { domain, types: { [action]: fields }, primaryType: action, message };
}
