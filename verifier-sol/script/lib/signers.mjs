// Who can own an account: a key of one person, or a threshold key of several. Both have an address and
// sign 32-byte digests, and no contract can tell them apart.

import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { Failure, run } from "./command.mjs";
import { program } from "./programs.mjs";

/// A new key of one person.
export function personalKey() {
  const account = privateKeyToAccount(generatePrivateKey());
  return { address: account.address, account, sign: (hash) => account.sign({ hash }) };
}

/// A new 2-of-3 key, made by its three parties together. Its shares are files in `folder`; nobody ever
/// holds the whole.
export class ThresholdKey {
  #program = program("threshold");
  #shares;

  constructor(folder) {
    const key = this.#run("keygen", "--out", join(folder, "shares"), "--threshold", "2", "--parties", "3");
    this.address = key.address;
    this.#shares = key.shares;
  }

  /// The group as seen by these parties (1, 2, 3), who sign together.
  signers(...parties) {
    const shares = parties.flatMap((party) => ["--share", this.#shares[party - 1]]);
    return { address: this.address, sign: async (digest) => this.#run("sign", digest, ...shares).signature };
  }

  /// That one party alone can't sign.
  async requireQuorum(digest) {
    const refused = await this.signers(1).sign(digest).then(
      () => false,
      (error) => /takes exactly 2/.test(error.message),
    );
    if (!refused) throw new Failure("one party signed for the group, or was refused for another reason");
  }

  #run(...args) {
    return JSON.parse(run(this.#program, args));
  }
}
