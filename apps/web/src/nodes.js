/** Asking the salt nodes, all at once; what they answer is believed by nobody here. */

/** Longest answer of a node, and how long it may take. */
const MOST_BYTES = 4096;
const PATIENCE_MS = 20_000;

const hex = (bytes) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
const bytes = (text) => Uint8Array.from(text.slice(2).match(/../g) ?? [], (digits) => parseInt(digits, 16));

async function ask(url, body, signal) {
  const headers = { "content-type": "application/octet-stream" };
  const init = { method: "POST", headers, body: bytes(body), signal, credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" };
  const response = await fetch(url, init);
  if (!response.ok || response.body === null) return undefined;
  const answer = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return hex(answer);
    // Whoever sends more is no node.
    if (answer.length + value.length > MOST_BYTES) return void reader.cancel();
    answer.push(...value);
  }
}

/**
 * The nodes' answers: of each its index, and its bytes where it gave any.
 * @param {{index: number, url: string, body: string}[]} bodies
 * @param {{nodeUrl?: (node: {index: number, url: string}) => string | URL, signal?: AbortSignal}} how
 */
export async function askNodes(bodies, { nodeUrl = ({ url }) => url, signal }) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const both = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  const one = async ({ index, url, body }) => {
    const place = String(nodeUrl({ index, url })).replace(/\/$/, "");
    // A node that is silent is one that did not give its part.
    return { index, body: await ask(`${place}/v1/release`, body, both).catch(() => undefined) };
  };
  const answers = await Promise.all(bodies.map(one));
  signal?.throwIfAborted();
  return answers.map(({ index, body }) => ({ index, body: body ?? null }));
}
