/**
 * The module's raw interface (apps/web/wasm/src/abi.rs): instances, arguments, replies.
 *
 * What the module imports is here in full: a memory, randomness, progress, the text of a panic.
 */

import { ZkdkimError, environment } from "./errors.js";

/** Pages of 64 KiB: what the module begins with, and the most it grows to. The linker was told the same. */
const MEMORY = { initial: 512, maximum: 8192, shared: true };
const STACK = 1 << 20;
/** Bytes that randomness is given in at once. */
const RANDOM = 65536;
/** Bytes that are copied out of the memory at once. */
const PIECE = 1 << 20;

/** Numbers of the operations. */
export const OPERATIONS = Object.freeze({
  inspect: 0,
  prove: 1,
  verify: 2,
  commitment: 3,
  salt: 4,
  subject: 5,
  load: 6,
  unpack: 7,
  loadVerifier: 8,
  pack: 9,
  escrow: 10,
  saltRequest: 11,
  saltSeal: 12,
  saltOpen: 13,
  findSubject: 14,
  findSeal: 15,
  findKey: 16,
  findTry: 17,
  findEnd: 18,
});

export function newMemory() {
  try {
    return new WebAssembly.Memory(MEMORY);
  } catch (cause) {
    const hint = "close other tabs, or use a browser of the last years";
    throw environment("memory", `the browser gives no memory of ${MEMORY.initial / 16} MiB: ${cause}`, hint);
  }
}

/** A block of the module's memory; the operation that gets it as an argument takes it. */
class Block {
  constructor(memory, at, length) {
    Object.assign(this, { memory, at, length });
  }

  /** The bytes from an offset on, as they lie there. */
  view(offset = 0, length = this.length - offset) {
    return new Uint8Array(this.memory.buffer, this.at + offset, length);
  }

  /** Fills it from a stream, as far as both go. @param {ReadableStream<Uint8Array>} stream */
  async fill(stream) {
    const reader = stream.getReader();
    for (let at = 0; at < this.length; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const piece = value.subarray(0, this.length - at);
      this.view(at, piece.length).set(piece);
      at += piece.length;
    }
    await reader.cancel();
  }

  /** Its bytes, a piece at a time. */
  stream() {
    let at = 0;
    const pull = (controller) => {
      const length = Math.min(PIECE, this.length - at);
      if (length === 0) return controller.close();
      controller.enqueue(this.view(at, length).slice());
      at += length;
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
}

/** Text in shared memory, which a TextDecoder does not take. */
function textAt(memory, at, bytes) {
  return new TextDecoder().decode(new Uint8Array(memory.buffer, at, bytes).slice());
}

/** All that the module is given. */
export function imports(memory, listener) {
  return {
    env: { memory },
    page: {
      random(at, bytes) {
        try {
          for (let done = 0; done < bytes; done += RANDOM) {
            // Randomness is not given into shared memory.
            const some = new Uint8Array(Math.min(RANDOM, bytes - done));
            crypto.getRandomValues(some);
            new Uint8Array(memory.buffer, at + done, some.length).set(some);
            some.fill(0);
          }
          return 0;
        } catch {
          return 1;
        }
      },
      progress(name, bytes, number) {
        listener.onProgress?.(bytes === 0 ? undefined : textAt(memory, name, bytes), number);
      },
      failed(at, bytes) {
        listener.panic = textAt(memory, at, bytes);
      },
    },
  };
}

/**
 * Writes the table that the build cut out: i · 2^256 modulo the order of BN254's group, for i below 2^16.
 * @param {WebAssembly.Memory} memory
 * @param {number} at
 */
export function writeTable(memory, at) {
  const order = [0xf0000001, 0x43e1f593, 0x79b97091, 0x2833e848, 0x8181585d, 0xb85045b6, 0xe131a029, 0x30644e72];
  const step = [0x4ffffffb, 0xac96341c, 0x9f60cd29, 0x36fc7695, 0x7879462e, 0x666ea36f, 0x9a07df2f, 0x0e0a77c1];
  const table = new Uint32Array(memory.buffer, at, 8 << 16);
  for (let i = 8; i < table.length; i += 8) {
    let carry = 0;
    let borrow = 0;
    const sum = [0, 0, 0, 0, 0, 0, 0, 0];
    const less = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let w = 0; w < 8; w++) {
      const word = table[i - 8 + w] + step[w] + carry;
      carry = word > 0xffffffff ? 1 : 0;
      sum[w] = word >>> 0;
      const difference = sum[w] - order[w] - borrow;
      borrow = difference < 0 ? 1 : 0;
      less[w] = difference >>> 0;
    }
    table.set(borrow === 1 ? sum : less, i);
  }
}

/** An instance that is asked for things. */
export class Head {
  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Memory} memory
   * @param {number} table where the table of scalars belongs
   * @param {(step: string | undefined, number: number) => void} [onProgress]
   */
  static async create(module, memory, table, onProgress) {
    const listener = { onProgress, panic: undefined };
    const instance = await WebAssembly.instantiate(module, imports(memory, listener));
    const head = new Head(instance.exports, memory, listener);
    writeTable(memory, table);
    return head;
  }

  constructor(exports, memory, listener) {
    this.exports = exports;
    this.memory = memory;
    this.listener = listener;
    /** Calls the hands for one operation. */
    this.callHands = () => {};
  }

  /** @param {number} hands that are called for what is shared out; without any, this thread does it */
  start(hands) {
    if (this.exports.start(hands) !== 0) throw environment("threads", `${hands} threads were refused`);
  }

  #allocate(bytes) {
    const at = this.exports.allocate(bytes) >>> 0;
    if (at === 0) throw environment("memory", `no memory for ${bytes} bytes`, "give a smaller file");
    return at;
  }

  /** A block of zeros. @param {number} bytes */
  block(bytes) {
    return new Block(this.memory, this.#allocate(bytes), bytes);
  }

  /**
   * Runs an operation to the bytes of its reply.
   * @param {number} operation
   * @param {(Uint8Array | Block)[]} args
   * @returns {Uint8Array}
   */
  run(operation, args) {
    return this.#call(operation, args, (reply, block) => {
      const bytes = block.view().slice();
      this.exports.release_reply(reply);
      return bytes;
    });
  }

  /** {@link run}, with a reply that stays where it is. @returns {Block} */
  runInside(operation, args) {
    return this.#call(operation, args, (reply, block) => (this.exports.keep_reply(reply), block));
  }

  #call(operation, args, take) {
    try {
      return this.#tryCall(operation, args, take);
    } catch (cause) {
      if (cause instanceof ZkdkimError) throw cause;
      const detail = this.listener.panic ?? String(cause);
      throw new ZkdkimError({ verdict: "error", rule: "internal", detail, hint: "please report this" }, { cause });
    }
  }

  #tryCall(operation, args, take) {
    const blocks = args.map((given) => {
      if (given instanceof Block) return given;
      const block = this.block(given.length);
      block.view().set(given);
      return block;
    });
    const list = this.#allocate(8 * blocks.length);
    const view = new DataView(this.memory.buffer, list, 8 * blocks.length);
    blocks.flatMap(({ at, length }) => [at, length]).forEach((number, i) => view.setUint32(4 * i, number, true));
    if (this.exports.shared_out(operation) === 1) this.callHands();
    const reply = this.exports.call(operation, list, blocks.length) >>> 0;
    const [ok, at, length] = new Uint32Array(this.memory.buffer, reply, 3);
    const block = new Block(this.memory, at, length);
    if (ok === 1) return take(reply, block);
    const text = textAt(this.memory, at, length);
    this.exports.release_reply(reply);
    throw new ZkdkimError(JSON.parse(text));
  }

  /** {@link run}, with a reply in JSON. */
  json(operation, args) {
    const bytes = this.run(operation, args);
    const json = JSON.parse(new TextDecoder().decode(bytes));
    bytes.fill(0);
    return json;
  }
}

/**
 * An instance that is one of the head's threads, with a stack of its own: a function that serves for one operation, which
 * tells its progress where this thread took it.
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 * @param {(step: string | undefined, number: number) => void} onProgress
 */
export async function hand(module, memory, onProgress) {
  const listener = { onProgress, panic: undefined };
  const { exports } = await WebAssembly.instantiate(module, imports(memory, listener));
  // Until it has one it runs on the head's stack, which stands still meanwhile.
  const data = exports.__tls_size.value;
  const block = exports.allocate_stack(data + STACK) >>> 0;
  if (block === 0) throw environment("memory", "no memory for another thread");
  exports.__stack_pointer.value = block + STACK;
  exports.__wasm_init_tls(block + STACK);
  return () => {
    try {
      exports.hand();
    } catch (cause) {
      throw environment("internal", listener.panic ?? String(cause), "please report this");
    }
  };
}
