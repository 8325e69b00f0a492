/** Writes MaxMind DB files (format 2.0): what an operator's own file of places is made of. */
import { parseRange } from '#kernel';

type Value = string | number | bigint | readonly string[] | { readonly [key: string]: Value };

/** `networks`: what is said of each, narrower ones after those around them. */
export function mmdbOf(
  networks: readonly (readonly [cidr: string, facts: Record<string, Value>])[],
  builtAt = 0,
): Buffer {
  const data: Buffer[] = [];
  const root: Node = [undefined, undefined];
  let offset = 0;
  for (const [cidr, facts] of networks) {
    const encoded = encode(facts);
    data.push(encoded);
    put(root, cidr, { data: offset });
    offset += encoded.length;
  }
  const nodes: Node[] = [];
  const number = (node: Node): void => {
    nodes.push(node);
    for (const child of node) if (Array.isArray(child)) number(child);
  };
  number(root);
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [at, node] of nodes.entries()) {
    for (const side of [0, 1] as const) {
      const child = node[side];
      const record = Array.isArray(child)
        ? nodes.indexOf(child)
        : nodes.length + (child === undefined ? 0 : 16 + child.data);
      tree.writeUIntBE(record, at * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    ...{ node_count: nodes.length, record_size: 24, ip_version: 6, database_type: 'test', languages: ['en'] },
    ...{
      binary_format_major_version: 2,
      binary_format_minor_version: 0,
      build_epoch: BigInt(builtAt),
      description: {},
    },
  });
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

type Child = Node | { readonly data: number } | undefined;
type Node = [Child, Child];

function put(root: Node, cidr: string, leaf: { readonly data: number }): void {
  const range = parseRange(cidr);
  if (!range.ok) throw new Error(range.error);
  // An IPv4 network stands in the first 96 bits of nothing.
  const prefix = range.value.prefix + (128 - range.value.bits);
  let node = root;
  for (let depth = 0; depth < prefix; depth++) {
    const side = Number((range.value.value >> BigInt(127 - depth)) & 1n) as 0 | 1;
    if (depth === prefix - 1) node[side] = leaf;
    else {
      const child = node[side];
      // A narrower network parts what was said of the wider one.
      const next: Node = Array.isArray(child) ? child : [child, child];
      node[side] = next;
      node = next;
    }
  }
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') return sized(2, Buffer.byteLength(value), Buffer.from(value));
  if (typeof value === 'number') return sized(6, 4, bytesOf(value));
  if (typeof value === 'bigint') return sized(9, 4, bytesOf(Number(value)));
  if (Array.isArray(value)) return sized(11, value.length, Buffer.concat(value.map(encode)));
  const entries = Object.entries(value as Record<string, Value>);
  return sized(7, entries.length, Buffer.concat(entries.flatMap(([key, one]) => [encode(key), encode(one)])));
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sized(type: number, size: number, body: Buffer): Buffer {
  if (size > 28 && size < 285) return Buffer.concat([Buffer.from([(type << 5) | 29, size - 29]), body]);
  return Buffer.concat([Buffer.from(type > 7 ? [size, type - 7] : [(type << 5) | size]), body]);
}
