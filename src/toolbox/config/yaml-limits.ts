import type { CST } from 'yaml';

/** What one file may hold. Far beyond what people write, and a second's work at most. */
export const FILE_LIMITS = {
  bytes: 4 * 1024 * 1024,
  /** How deep mappings and sequences may nest. */
  depth: 64,
  /** Mappings' members and sequences' items, all documents together. */
  items: 250_000,
  /** Values that aliases repeat, all documents together: a few anchors are handy, a bomb needs millions. */
  repeated: 2000,
  /** Syntax errors of one document that are shown. */
  errors: 20,
  /** Problems of one document that are shown, beyond which nobody reads on. */
  problems: 100,
} as const;

/** Why a token tree is refused, and where. */
export interface Excess {
  readonly offset: number;
  readonly message: string;
}

/**
 * Counts the items and the depth of a token tree before anything recursive walks it. `budget` is
 * shared by the documents of a file. The walk keeps its own stack: depth is what is being checked.
 */
export function findExcess(token: CST.Token, budget: { items: number }): Excess | undefined {
  const stack: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { token, depth } = next;
    if (token.type === 'document') {
      if (token.value) stack.push({ token: token.value, depth });
      continue;
    }
    if (!('items' in token)) continue;
    if (depth >= FILE_LIMITS.depth) {
      return { offset: token.offset, message: `the document nests deeper than ${FILE_LIMITS.depth} levels` };
    }
    budget.items -= token.items.length;
    if (budget.items < 0) {
      return { offset: token.offset, message: `the file holds more than ${FILE_LIMITS.items} fields and items` };
    }
    for (const item of token.items) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 });
      if (item.value) stack.push({ token: item.value, depth: depth + 1 });
    }
  }
  return undefined;
}
