import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inclusionPath, leafHash, MerkleRoot, rootFromPath } from '../checkpoint/merkle.ts';

const sha256 = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');

/** RFC 6962 §2.1, word for word. */
function referenceRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0] as Buffer;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(Buffer.from([1]), referenceRoot(hashes.slice(0, split)), referenceRoot(hashes.slice(split)));
}

function rootOf(data: readonly Buffer[]): Buffer {
  const tree = new MerkleRoot();
  for (const leaf of data) tree.add(leaf);
  return tree.root();
}

describe('a Merkle tree', () => {
  // The test data of the certificate transparency log, whose leaves are of other lengths than ours.
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  it.each(
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ].map((root, at) => [at + 1, root] as const),
  )('has the known root over %i leaves', (count, root) => {
    const tree = new MerkleRoot();
    for (const input of inputs.slice(0, count)) tree.addHash(sha256(Buffer.from([0]), Buffer.from(input, 'hex')));
    expect(tree.root().toString('hex')).toBe(root);
  });

  it('hashes leaves and nodes under different first bytes', () => {
    const data = Buffer.alloc(32, 5);
    expect(leafHash(data)).toEqual(sha256(Buffer.from([0]), data));
  });

  it('has the root of the RFC for any number of leaves, and a path for each that leads there alone', () => {
    const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        fc.uniqueArray(leaf, { minLength: 1, maxLength: 70, selector: (bytes) => bytes.toString('hex') }),
        fc.nat(),
        fc.nat(),
        (data, pick, bit) => {
          const root = rootOf(data);
          expect(root).toEqual(referenceRoot(data.map(leafHash)));
          const index = pick % data.length;
          const path = inclusionPath(data.map(leafHash), index);
          const own = data[index] as Buffer;
          expect(rootFromPath(own, index, data.length, path)).toEqual(root);
          const changed = Buffer.from(own);
          changed[bit % 32] = (changed[bit % 32] as number) ^ 1;
          expect(rootFromPath(changed, index, data.length, path)).not.toEqual(root);
          expect(rootFromPath(own, index, data.length, path.slice(1))).not.toEqual(data.length > 1 ? root : undefined);
          const elsewhere = (index + 1) % data.length;
          if (elsewhere !== index) expect(rootFromPath(own, elsewhere, data.length, path)).not.toEqual(root);
        },
      ),
    );
  });
});
