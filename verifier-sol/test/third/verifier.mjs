// A third verifier for proofs with folded openings, for tests: plonk/SOUNDNESS-folded.md, read literally and written
// with nothing in common with the other two but that page and the key's encoding. Slow, and not of constant time.
import { bn254 } from "@noble/curves/bn254";
import { keccak_256 } from "@noble/hashes/sha3";

const r = bn254.fields.Fr.ORDER;
const q = bn254.fields.Fp.ORDER;
const { Fp2, Fp12 } = bn254.fields;
const G1 = bn254.G1.ProjectivePoint;
const G2 = bn254.G2.ProjectivePoint;

export class Malformed extends Error {}

const mod = (x) => ((x % r) + r) % r;
const power = (base, exponent) => {
  let [out, square, rest] = [1n, mod(base), BigInt(exponent)];
  for (; rest > 0n; rest >>= 1n, square = mod(square * square)) if (rest & 1n) out = mod(out * square);
  return out;
};
const inverse = (x) => {
  if (mod(x) === 0n) throw new Refused("a division by zero");
  return power(x, r - 2n);
};
class Refused extends Error {}
const number = (bytes) => BigInt("0x" + (Buffer.from(bytes).toString("hex") || "0"));
const word = (x) => Buffer.from(x.toString(16).padStart(64, "0"), "hex");

class Reader {
  constructor(bytes) {
    [this.bytes, this.at] = [bytes, 0];
  }
  take(count) {
    if (this.at + count > this.bytes.length) throw new Malformed("the bytes end too early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  byte = () => this.take(1)[0];
  u32 = () => this.take(4).readUInt32BE();
  i32 = () => this.take(4).readInt32BE();
  list = (each) => Array.from({ length: this.u32() }, () => each());
  scalar() {
    const x = number(this.take(32));
    if (x >= r) throw new Malformed("ScalarNotCanonical");
    return x;
  }
  coordinate() {
    const x = number(this.take(32));
    if (x >= q) throw new Malformed("CoordinateNotCanonical");
    return x;
  }
  point(infinity = false) {
    const [x, y] = [this.coordinate(), this.coordinate()];
    if (infinity && x === 0n && y === 0n) return G1.ZERO;
    if ((y * y - x * x * x - 3n) % q !== 0n) throw new Malformed("PointNotOnCurve");
    return new G1(x, y, 1n);
  }
  column = () => {
    const kind = ["advice", "product", "mask", "fixed", "sigma", "instance"][this.byte()];
    return kind === "mask" ? kind : `${kind} ${this.u32()}`;
  };
  group = () => ({
    fold: BigInt(this.u32()),
    columns: this.list(this.column),
    rotations: this.list(this.i32),
  });
  node = () => {
    switch (this.byte()) {
      case 0: {
        const x = this.scalar();
        return () => x;
      }
      case 1: {
        const [column, rotation] = [this.column(), this.i32()];
        return (_, { cell }) => cell(column, rotation);
      }
      case 2: {
        const i = this.u32();
        return (_, { circuit }) => circuit[i];
      }
      case 3: return this.both((a, b) => mod(a + b));
      case 4: return this.both((a, b) => mod(a - b));
      case 5: return this.both((a, b) => mod(a * b));
    }
    throw new Malformed("an unknown kind of node");
  };
  both(f) {
    const [a, b] = [this.u32(), this.u32()];
    return (values) => f(values[a], values[b]);
  }
}

/// Takes a key for granted: it is ours, only proofs are not.
export function readKey(bytes) {
  const read = new Reader(bytes);
  if (!read.take(8).equals(Buffer.from("foldkey\x01"))) throw new Malformed("not a key");
  const [k, fold, degree, blinding, fixed] = Array.from({ length: 5 }, read.u32);
  const key = { k, fold, degree, blinding, fixed };
  key.phases = Math.max(0, ...read.list(read.u32)) + 1;
  key.publicInputs = read.list(read.u32);
  key.challengePhases = read.list(read.u32);
  key.permutation = read.list(read.column);
  key.nodes = read.list(read.node);
  key.gates = read.list(read.u32);
  key.rounds = read.list(() => read.list(read.group));
  key.keyGroups = read.list(read.group);
  key.commitments = read.list(() => read.point(true));
  const [x1, x0, y1, y0] = Array.from({ length: 4 }, () => read.coordinate());
  key.tau = new G2(Fp2.create({ c0: x0, c1: x1 }), Fp2.create({ c0: y0, c1: y1 }), Fp2.ONE);
  if (read.at !== bytes.length) throw new Malformed("bytes after the key");
  key.digest = Buffer.from(keccak_256(bytes));
  key.groups = [...key.rounds.flat(), ...key.keyGroups];
  key.omega = power(7n, (r - 1n) >> BigInt(k));
  key.delta = power(7n, 1n << 28n);
  return key;
}

/// The messages of a proof with the challenges between them. What was absorbed is hashed behind the last hash and 01.
function replay(key, inputs, proof) {
  const read = new Reader(proof);
  const out = { circuit: [], points: [], cells: new Map() };
  let [state, from] = [Buffer.concat([key.digest, ...inputs.map(word)]), 0];
  const draw = () => {
    const hash = keccak_256(Buffer.concat([state, proof.subarray(from, read.at)]));
    [state, from] = [Buffer.concat([hash, Buffer.from([1])]), read.at];
    return mod(number(hash));
  };
  key.rounds.forEach((groups, round) => {
    if (round === key.phases && key.permutation.length > 0) [out.beta, out.gamma] = [draw(), draw()];
    out.points.push(...groups.map(() => read.point()));
    key.challengePhases.forEach((phase, i) => {
      if (phase === round) out.circuit[i] = draw();
    });
  });
  out.y = draw();
  out.h = read.point();
  out.z = draw();
  for (const { columns, rotations } of key.groups) {
    for (const rotation of rotations) {
      for (const column of columns) out.cells.set(`${column} at ${rotation}`, read.scalar());
    }
  }
  out.v = draw();
  out.w = read.point();
  out.u = draw();
  out.w2 = read.point();
  if (read.at !== proof.length) throw new Malformed("ProofLength");
  out.binding = keccak_256(Buffer.concat([state, proof.subarray(from, read.at)]));
  return out;
}

/// N(z): every identity with the evaluations in the place of columns, summed with powers of y.
function identitiesAtZ(key, inputs, t) {
  const n = 1n << BigInt(key.k);
  const root = (i) => power(key.omega, ((BigInt(i) % n) + n) % n);
  const lagrange = (i, x) => mod(root(i) * (power(x, n) - 1n) * inverse(mod(n * (x - root(i)))));
  const columns = [];
  for (let [i, at] = [0, 0]; i < key.publicInputs.length; at += key.publicInputs[i++]) {
    columns.push(inputs.slice(at, at + key.publicInputs[i]));
  }
  const cell = (column, rotation) => {
    const [kind, i] = column.split(" ");
    if (kind !== "instance") return t.cells.get(`${column} at ${rotation}`);
    const x = mod(t.z * root(rotation));
    return columns[i].reduce((sum, value, row) => mod(sum + value * lagrange(row, x)), 0n);
  };
  const values = [];
  for (const node of key.nodes) values.push(node(values, { cell, circuit: t.circuit }));
  const all = key.gates.map((i) => values[i]);

  const chunk = key.degree - 2;
  const products = Math.ceil(key.permutation.length / chunk);
  if (products > 0) {
    const last = -(key.blinding + 1);
    const [first, end] = [lagrange(0, t.z), lagrange(last, t.z)];
    let active = 1n;
    for (let i = 1; i <= key.blinding + 1; i++) active = mod(active * (t.z - root(-i)));
    const product = (i, rotation) => cell(`product ${i}`, rotation);
    all.push(mod(first * (1n - product(0, 0))));
    const z = product(products - 1, 0);
    all.push(mod(end * (z * z - z)));
    for (let i = 1; i < products; i++) all.push(mod(first * (product(i, 0) - product(i - 1, last))));
    for (let i = 0; i < products; i++) {
      let [left, right] = [product(i, 1), product(i, 0)];
      for (let j = i * chunk; j < Math.min((i + 1) * chunk, key.permutation.length); j++) {
        const value = cell(key.permutation[j], 0) + t.gamma;
        left = mod(left * (value + t.beta * cell(`sigma ${j}`, 0)));
        right = mod(right * (value + t.beta * power(key.delta, j) * t.z));
      }
      all.push(mod(active * (left - right)));
    }
  }
  return all.reduce((sum, value) => mod(sum * t.y + value), 0n);
}

/// Both sides of the one equation: [F] + u·[W'] and [W'].
function claim(key, inputs, proof) {
  if (inputs.length !== key.publicInputs.reduce((a, b) => a + b, 0)) throw new Malformed("InstanceCount");
  if (inputs.some((x) => x < 0n || x >= r)) throw new Malformed("InstanceNotCanonical");
  const t = replay(key, inputs, proof);
  const n = 1n << BigInt(key.k);
  const atZ = mod(identitiesAtZ(key, inputs, t) * inverse(power(t.z, n) - 1n) + t.cells.get("mask at 0"));
  const quotient = { fold: 1n, columns: ["quotient"], rotations: [0] };
  const points = [...t.points, ...key.commitments, t.h];
  let [left, constant, weight] = [t.w, 0n, 1n];
  [...key.groups, quotient].forEach((group, g) => {
    const x = power(t.u, group.fold);
    const opened = group.rotations.map((i) => mod(t.z * power(key.omega, ((BigInt(i) % n) + n) % n)));
    const zero = opened.reduce((product, c) => mod(product * (x - c)), 1n);
    let value = 0n;
    group.rotations.forEach((rotation, i) => {
      const others = opened.filter((_, j) => j !== i);
      const basis = others.reduce((l, c) => mod(l * (x - c) * inverse(opened[i] - c)), 1n);
      const lanes = group.columns.reduceRight((sum, column) => {
        const e = column === "quotient" ? atZ : t.cells.get(`${column} at ${rotation}`);
        return mod(sum * t.u + e);
      }, 0n);
      value = mod(value + basis * lanes);
    });
    const scalar = mod(weight * inverse(zero));
    constant = mod(constant + scalar * value);
    left = left.add(times(points[g], mod(-scalar)));
    weight = mod(weight * t.v);
  });
  left = left.add(times(G1.BASE, constant)).add(times(t.w2, t.u));
  return { left, right: t.w2, binding: t.binding };
}

const times = (point, scalar) => point.multiplyUnsafe(scalar);

function holds(left, right, tau) {
  const pair = (a, b) => (a.equals(G1.ZERO) ? Fp12.ONE : bn254.pairing(a, b));
  return Fp12.eql(pair(left, G2.BASE), pair(right, tau));
}

/// Whether a proof is valid; throws what is malformed.
export function verify(key, inputs, proof) {
  return verifyBatch(key, [{ inputs, proof }]);
}

/// The same of many, all or nothing.
export function verifyBatch(key, all) {
  try {
    const claims = all.map(({ inputs, proof }) => claim(key, inputs, proof));
    const rho = mod(number(keccak_256(Buffer.concat(claims.map((c) => c.binding)))));
    let [left, right, weight] = [G1.ZERO, G1.ZERO, 1n];
    for (const c of claims) {
      left = left.add(times(c.left, weight));
      right = right.add(times(c.right, weight));
      weight = mod(weight * rho);
    }
    return holds(left, right, key.tau);
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}
