import { hash } from 'node:crypto';

/**
 * Merkle trees of RFC 6962 §2.1: leaves and inner nodes are hashed under different first bytes, so
 * that neither can be passed off as the other.
 */
const LEAF = 0;
const NODE = 1;
const HASH_BYTES = 32;

// One at a time and in one piece: what is hashed is gathered here instead of in a new buffer.
const gathered = Buffer.alloc(1 + 2 * HASH_BYTES);

/** The hash of a leaf, whose data is a hash itself here: 32 bytes. */
export function leafHash(data: Buffer): Buffer {
  gathered[0] = LEAF;
  data.copy(gathered, 1);
  return sha256(gathered.subarray(0, 1 + HASH_BYTES));
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  gathered[0] = NODE;
  left.copy(gathered, 1);
  right.copy(gathered, 1 + HASH_BYTES);
  return sha256(gathered);
}

/** By way of its text: a result that is text costs Node a quarter of one that is a buffer of its own. */
const sha256 = (bytes: Buffer): Buffer => Buffer.from(hash('sha256', bytes, 'hex'), 'hex');

/** The root of no leaves at all. */
const EMPTY = hash('sha256', '', 'buffer');

/** A root from leaves that come one after another, in memory that grows with the logarithm of their number. */
export class MerkleRoot {
  /** Roots of full subtrees, largest first; a carry joins two of one size. */
  readonly #subtrees: { readonly size: number; readonly root: Buffer }[] = [];
  #size = 0;

  /** Adds the next leaf. */
  add(data: Buffer): void {
    this.addHash(leafHash(data));
  }

  /** Adds a leaf that is hashed already. */
  addHash(root: Buffer): void {
    let subtree = { size: 1, root };
    for (let last = this.#subtrees.at(-1); last?.size === subtree.size; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      subtree = { size: subtree.size * 2, root: nodeHash(last.root, subtree.root) };
    }
    this.#subtrees.push(subtree);
    this.#size++;
  }

  get size(): number {
    return this.#size;
  }

  /** The same so far; what is added to one of them is not in the other. */
  copy(): MerkleRoot {
    const copy = new MerkleRoot();
    copy.#subtrees.push(...this.#subtrees);
    copy.#size = this.#size;
    return copy;
  }

  root(): Buffer {
    const last = this.#subtrees.at(-1);
    if (!last) return EMPTY;
    return this.#subtrees.slice(0, -1).reduceRight((right, { root }) => nodeHash(root, right), last.root);
  }
}

/** The audit path of a leaf (§2.1.1), from the leaf upwards; `hashes` are those of all leaves. */
export function inclusionPath(hashes: readonly Buffer[], index: number): readonly Buffer[] {
  if (hashes.length <= 1) return [];
  const split = largestPowerBelow(hashes.length);
  const left = hashes.slice(0, split);
  const right = hashes.slice(split);
  return index < split
    ? [...inclusionPath(left, index), rootOf(right)]
    : [...inclusionPath(right, index - split), rootOf(left)];
}

/** A whole tree in memory, for many paths: each inner node is hashed once. */
export class MerkleTree {
  readonly #hashes: readonly Buffer[];
  readonly #roots = new Map<string, Buffer>();

  /** Of the hashes of all leaves. */
  constructor(hashes: readonly Buffer[]) {
    this.#hashes = hashes;
  }

  /** As `inclusionPath`. */
  path(index: number): readonly Buffer[] {
    const path: Buffer[] = [];
    let from = 0;
    let to = this.#hashes.length;
    while (to - from > 1) {
      const split = from + largestPowerBelow(to - from);
      if (index < split) {
        path.unshift(this.#root(split, to));
        to = split;
      } else {
        path.unshift(this.#root(from, split));
        from = split;
      }
    }
    return path;
  }

  #root(from: number, to: number): Buffer {
    if (to - from === 1) return this.#hashes[from] as Buffer;
    const key = `${from} ${to}`;
    const known = this.#roots.get(key);
    if (known) return known;
    const split = from + largestPowerBelow(to - from);
    const root = nodeHash(this.#root(from, split), this.#root(split, to));
    this.#roots.set(key, root);
    return root;
  }
}

/**
 * The root that a leaf and its path lead to in a tree of `size` leaves; undefined when the path has
 * not the length that this place in such a tree has.
 */
export function rootFromPath(data: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  const sides = pathSides(index, size);
  if (sides.length !== path.length) return undefined;
  return sides.reduce(
    (below, side, at) => (side === 'left' ? nodeHash(path[at] as Buffer, below) : nodeHash(below, path[at] as Buffer)),
    leafHash(data),
  );
}

/** On which side the sibling stands at each step from the leaf upwards. */
function pathSides(index: number, size: number): readonly ('left' | 'right')[] {
  if (size <= 1) return [];
  const split = largestPowerBelow(size);
  return index < split ? [...pathSides(index, split), 'right'] : [...pathSides(index - split, size - split), 'left'];
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const tree = new MerkleRoot();
  for (const hash of hashes) tree.addHash(hash);
  return tree.root();
}

/** The largest power of two smaller than `size`, which is at least 2. */
function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
