/** What the package takes and gives. Fields of reports are those that `zkdkim --json` writes. */

/** Where in its input a rule failed. */
export interface Place {
  part: "message" | "signed-header" | "key-record" | "registry" | "input";
  /** Line of the mail, from 1. */
  line?: number;
  field?: string;
  /** Byte, from 0, in the part or the field's value. */
  offset?: number;
}

/** What a signature vouches for: header and body, the header alone, nothing. */
export type Holds = "message" | "header" | "nothing";

/** Why there is no result. */
export interface FaultReport {
  verdict: "refused" | "invalid" | "error";
  rule: string;
  detail: string;
  title?: string;
  clause?: string;
  place?: Place;
  hint?: string;
  holds?: Holds;
}

export interface Note {
  id: "framing" | "mbox-quoting" | "subject";
  detail: string;
  hint?: string;
}

export interface RuleReport {
  rule: string;
  title: string;
  clause: string;
  outcome: "pass" | "warn" | "fail" | "not-reached";
  detail?: string;
  place?: Place;
  hint?: string;
}

export interface Provable {
  verdict: "provable";
  address: string;
  domain: string;
  selector: string;
  subject: string;
  reading: "clear" | "sealed";
  /** What a sealed Subject says: `0x` and 62 digits. */
  command?: string;
  /** `t=` in seconds since 1970; 0 where there is none. */
  timestamp: number;
  /** The bound of the time that a proof would show. */
  not_before: number;
  header_bytes: number;
}

/** The report on a mail: provable, or refused with the reason. */
export type Inspection = (Provable | FaultReport) & { holds: Holds; notes: Note[]; rules: RuleReport[] };

export type SrsKind =
  | { kind: "insecure-dev" }
  | { kind: "ceremony"; [more: string]: unknown }
  | { kind: "unlisted-ceremony"; [more: string]: unknown };

/** What a proof makes public. */
export interface PublicView {
  registry_root: string;
  commitment: string;
  not_before: number | null;
  nullifier: string;
  subject?: string;
  command?: string;
}

export interface Proved {
  verdict: "proved";
  holds: Holds;
  notes: Note[];
  /** Content of the proof file. */
  file: string;
  /** What a transaction sends, `0x` and hexadecimal digits. */
  calldata: string;
  srs: SrsKind;
  vk_sha256: string;
  public: PublicView;
}

export interface Verified {
  verdict: "valid";
  srs: SrsKind;
  vk_sha256: string;
  /** Names of the public inputs that were compared; and of those that were not. */
  checked: string[];
  unchecked: string[];
  public: PublicView;
}

/** A command to an account: without newKey, newOwner and cancel the consent of a guardian. */
export interface AccountCommand {
  /** `0x` and 40 digits. */
  account: string;
  chain: number | bigint | string;
  nonce: number | bigint | string;
  newKey?: string;
  /** The bytes of an owner that is more than an address, such as a passkey's verifier and key. */
  newOwner?: string;
  cancel?: boolean;
}

/** One of subject, command and sealing says which Subject is wanted. */
export interface MessageOptions {
  acceptChangedBody?: boolean;
  subject?: string;
  command?: AccountCommand;
  /** Content of the file of a sealed Subject, as `subject` gave it. */
  sealing?: string;
  /** Seconds since 1970: the bound that the contract asks for; the mail's day by default. */
  notBefore?: number;
  /** Seconds since 1970, compared with `t=` and `x=`: the machine's clock by default; null compares nothing. */
  clock?: number | null;
}

export interface Expected {
  root?: string;
  commitment?: string;
  nullifier?: string;
  subject?: string;
  command?: string;
  notBefore?: number;
  /** Take a proof over the insecure development SRS, which anybody can forge. */
  allowInsecureDev?: boolean;
}

export interface SubjectOptions {
  command?: AccountCommand;
  sealed?: boolean;
  /** The recovery contract, which a sealed command names. */
  contract?: string;
  /** The command to seal, where a contract gives it: `0x` and 62 digits. */
  commandHash?: string;
}

export type Subject =
  | { subject: string; reading: "clear" }
  | { subject: string; reading: "sealed"; command: string; sealing: string };

/** A committee of salt nodes. */
export interface Committee {
  /** Its record, as nodes hand it out. */
  record: Bytes;
  /** The digest that the caller trusts: `0x` and 64 digits. */
  digest: string;
  /** Take a committee whose key one dealer made, and who can open every escrow. */
  allowInsecureDealer?: boolean;
}

export interface RecoverSaltOptions extends Omit<MessageOptions, "sealing" | "notBefore"> {
  committee: Committee;
  /** What the account published, one escrow behind the other. */
  escrows: Bytes;
  /** The new key that the mail names signs this text (EIP-191): `0x` and hexadecimal digits. */
  sign(text: string): Promise<string>;
  /** Where a node is asked: as its record says, by default. What is posted is sealed to the node, so anybody may pass it on. */
  nodeUrl?: (node: { index: number; url: string }) => string | URL;
  /** How long the signed consent holds; an hour by default. */
  validSeconds?: number;
  signal?: AbortSignal;
}

export interface RecoveredSalts {
  /** Those that opened, the oldest first: the content of each one's file, and what an account stores for it. */
  salts: { salt: string; commitment: string }[];
  /** What each node did. */
  nodes: string[];
}

/** Escrows that an account published, one behind the other. */
export interface PublishedEscrows {
  account: string;
  /** Number of the block. */
  block: number | bigint | string;
  /** `0x` and hexadecimal digits. */
  escrow: string;
}

export interface FindSubjectOptions {
  committee: Committee;
  /** EIP-155 number of a chain that the nodes follow. */
  chain: number | bigint | string;
  /** Number of its newest block, and the block's hash: what makes the mail fresh. */
  block: number | bigint | string;
  hash: string;
}

export interface FindAccountsOptions extends Omit<MessageOptions, "acceptChangedBody" | "command" | "sealing" | "notBefore" | "subject"> {
  committee: Committee;
  /** The one-time key's file, as {@link Zkdkim.findSubject} gave it. */
  key: Bytes;
  /** What recovery contracts published, in any order. */
  escrows: Iterable<PublishedEscrows> | AsyncIterable<PublishedEscrows>;
  nodeUrl?: (node: { index: number; url: string }) => string | URL;
  /** Is told how many escrows were tried. */
  onTried?: (tried: number) => void;
  signal?: AbortSignal;
}

export interface FoundAccounts {
  /** The escrows that opened. Anybody can encrypt any salt to anybody: an account is one's own if it stores the commitment. */
  accounts: { account: string; block: string; salt: string; commitment: string }[];
  /** Events that were read, escrows in them that were tried, and events with something else than escrows. */
  events: number;
  tried: number;
  unreadable: number;
  /** What each node did. */
  nodes: string[];
}

/** What is being done, and how far it is. */
export interface Progress {
  step: "download" | "unpack" | "read" | "keys" | "witness" | "prove" | "verify";
  /** Of the whole operation, from 0 to 1, by how long its steps take as a rule. */
  fraction: number;
  /** An estimate from what has passed; absent until something has. */
  remainingSeconds?: number;
}

export interface Run {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** A mail or a file: its bytes, or something that has them. */
export type Bytes = Uint8Array | ArrayBuffer | Blob | string;

/** A file of a layout. */
export interface Asset {
  name: string;
  bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  sha256: string;
}

export interface Layout {
  /** What is downloaded: the SRS packed. */
  packed: Asset;
  /** What is kept: the SRS file. */
  srs: Asset;
  srsSha256: string;
  key: Asset;
  vkSha256: string;
  insecure: boolean;
}

/** What was built together: the module and the layouts' files by their digests. */
export interface Manifest {
  module: Asset;
  /** Where in memory the table of scalars belongs. */
  table: number;
  layouts: Record<string, Layout>;
}

export interface OpenOptions {
  /** Folder of the module and the layouts' files; that of the package by default. */
  assets?: string | URL;
  /** Name of a layout; `on-chain` by default. */
  layout?: string;
  /** Threads of a proof; as many as the machine has, at most 8, where the page is cross-origin isolated; one elsewhere. */
  threads?: number;
}

export interface Zkdkim {
  /** Threads that proofs are made with. */
  readonly threads: number;
  /** The layout with its digests; `insecure` where anybody can forge its proofs. */
  readonly layout: Layout & { name: string };
  /** Checks a mail against the keys of a registry or key records; a refusal is a report, not an error. */
  inspect(mail: Bytes, keys: { registry: Bytes } | { dns: Bytes }, options?: MessageOptions & Run): Promise<Inspection>;
  /** Makes a proof. */
  prove(mail: Bytes, salt: Bytes, registry: Bytes, options?: MessageOptions & Run): Promise<Proved>;
  /** Verifies a proof file and compares what it says. */
  verify(proof: Bytes, expected?: Expected & Run): Promise<Verified>;
  /** What an account stores for an address. */
  commitment(address: string, salt: Bytes): Promise<{ address: string; commitment: string }>;
  /** Makes a salt: the content of its file, which has to be kept. */
  salt(): Promise<string>;
  /** A salt encrypted to an address, to be published (`publishEscrow`): the salt nodes open it to a mail from there. */
  escrow(address: string, salt: Bytes, committee: Committee): Promise<{ escrow: string; network: string; epoch: number }>;
  /** Asks the salt nodes with a mail of a recovery, and opens what the account published for its address. */
  recoverSalt(mail: Bytes, registry: Bytes, options: RecoverSaltOptions): Promise<RecoveredSalts>;
  /** The Subject of a mail to oneself that finds one's accounts, and the one-time key, to be kept secret until then. */
  findSubject(options: FindSubjectOptions): Promise<{ subject: string; key: string }>;
  /** Asks the salt nodes with that mail, and tries the mailbox's key on what accounts published. */
  findAccounts(mail: Bytes, registry: Bytes, options: FindAccountsOptions): Promise<FoundAccounts>;
  /** The Subject to write. */
  subject(options: SubjectOptions): Promise<Subject>;
  /** Gets ready to prove: everything is downloaded, checked and kept. */
  prepare(run?: Run): Promise<void>;
  /** Ends the workers and what they hold. */
  close(): void;
}
