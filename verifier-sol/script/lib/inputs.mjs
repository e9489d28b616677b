// The public inputs of a proof: as a column, in the order of `RecoveryPublicInputs`, and by its names.

/// By name, from the column.
export function named([registryRoot, emailCommitment, notBefore, nullifier, ...subject]) {
  return { registryRoot, emailCommitment, notBefore, nullifier, subject };
}

/// The column, from what has the names.
export function column({ registryRoot, emailCommitment, notBefore, nullifier, subject }) {
  return [registryRoot, emailCommitment, notBefore, nullifier, ...subject];
}
