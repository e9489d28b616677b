// Transactions as steps of a story: each is simulated, sent, paid for, and told with its gas.

import { BaseError, ContractFunctionRevertedError, parseEventLogs } from "viem";
import { Failure } from "./command.mjs";

export class Story {
  steps = [];
  #started = performance.now();

  tell(text) {
    console.error(text);
  }

  /// Sends a call and waits for it.
  async send(title, { client }, sender, call) {
    const { request } = await client.simulateContract({ ...call, account: sender }).catch((error) => {
      throw new Failure(`${title}: ${revertName(error) ?? error.shortMessage ?? error}`);
    });
    const hash = await client.writeContract({ ...request, chain: null });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Failure(`${title}: the transaction reverted`);
    this.record(title, receipt.gasUsed);
    return receipt;
  }

  /// Sends a user operation, whose failure would not make the transaction fail.
  async operate(title, chain, bundler, call) {
    const receipt = await this.send(title, chain, bundler, call);
    const [{ args }] = parseEventLogs({ abi: call.abi, logs: receipt.logs, eventName: "UserOperationEvent" });
    if (!args.success) throw new Failure(`${title}: the account's call reverted`);
  }

  /// Expects that a call reverts with this error and no other.
  async refused(title, { client }, sender, call, expected) {
    const outcome = await client.simulateContract({ ...call, account: sender }).then(
      () => "it went through",
      (error) => revertName(error) ?? error.shortMessage ?? String(error),
    );
    this.expect(title, outcome, expected);
  }

  /// Expects a value.
  expect(title, got, expected) {
    if (got !== expected) throw new Failure(`${title}: ${got}, expected ${expected}`);
    this.steps.push({ title, outcome: String(got) });
    this.tell(`  ${title.padEnd(72)} ${got}`);
  }

  record(title, gas) {
    this.steps.push({ title, gas: Number(gas) });
    this.tell(`  ${title.padEnd(72)} ${String(gas).padStart(9)} gas`);
  }

  seconds() {
    return (performance.now() - this.#started) / 1000;
  }
}

/// The name of a contract's error, with the entry point's reason where it is one of those.
function revertName(error) {
  const revert = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  const data = revert?.data;
  return data?.errorName === "FailedOp" ? `FailedOp: ${data.args[1]}` : data?.errorName;
}
