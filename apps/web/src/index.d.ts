import type { FaultReport, OpenOptions, Zkdkim } from "./types.js";

export type * from "./types.js";

/** Why an operation ended without a result: the refusals of the command line, with clause and hint. */
export class ZkdkimError extends Error {
  readonly verdict: FaultReport["verdict"];
  readonly rule: string;
  readonly title?: string;
  readonly clause?: string;
  readonly place?: FaultReport["place"];
  readonly hint?: string;
  readonly holds?: FaultReport["holds"];
  toJSON(): FaultReport;
}

/** Gets ready; nothing is downloaded before it is needed. */
export function open(options?: OpenOptions): Promise<Zkdkim>;
