import type { Address, Hex, PublicClient } from "viem";

/** How urgent a notice is: an alarm has to reach the owner. */
export type Level = "info" | "warning" | "alarm";

export type Notice = {
  /** The same for the same log, so that who reads blocks twice tells nothing twice. */
  id: string;
  level: Level;
  /** What has happened, in words. */
  text: string;
  /** What the owner can do about it. */
  remedy?: string;
  /** The second from which it is too late. */
  until?: bigint | number;
  account: Address;
  /** The event of `IEmailRecovery`, and its arguments. */
  event: string;
  args: Record<string, unknown>;
  blockNumber: bigint;
  transactionHash: Hex;
};

export type WatchOptions = {
  /** The recovery contract. */
  recovery: Address;
  accounts: readonly Address[];
  /** The first block to read. */
  from: bigint;
  /** How many blocks behind the newest one to stay, 0 by default: as many as a reorganisation can replace. */
  confirmations?: bigint;
  /** The most blocks of one request, 2,000 by default. */
  maxBlocks?: bigint;
};

/** The events that have a meaning here. */
export declare const watchedEvents: readonly string[];

/** The notices of some blocks, oldest first, and the block to go on from. */
export declare function readNotices(
  client: PublicClient,
  options: WatchOptions,
): Promise<{ notices: Notice[]; next: bigint }>;

/** Notices until `signal` is aborted; an error of the client ends it. */
export declare function watchNotices(
  client: PublicClient,
  options: WatchOptions & { pollSeconds?: number; signal?: AbortSignal },
): AsyncGenerator<{ notices: Notice[]; next: bigint }, void, void>;
