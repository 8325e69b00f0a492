import type { McpServerDeclaration } from '#contract';
import { reveal, Secret } from '#kernel';

/**
 * Whether two parsed configurations say the same. Unlike the comparisons of libraries it looks into
 * secrets: two of them print alike, and a changed password must open a new connection.
 */
export function sameConfig(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (left instanceof Secret || right instanceof Secret) {
    return left instanceof Secret && right instanceof Secret && reveal(left) === reveal(right);
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  // Only plain data can be compared by its members; anything else counts as changed.
  if (!Array.isArray(left) && ![Object.prototype, null].includes(Object.getPrototypeOf(left) as object | null))
    return false;
  const [leftEntries, rightEntries] = [entriesOf(left), entriesOf(right)];
  if (leftEntries.length !== rightEntries.length) return false;
  const others = new Map(rightEntries);
  return leftEntries.every(([key, value]) => others.has(key) && sameConfig(value, others.get(key)));
}

/** Whether two documents ask for the same server; where they stand makes no difference. */
export function sameServer(left: McpServerDeclaration, right: McpServerDeclaration): boolean {
  return sameConfig(saidIn(left), saidIn(right));
}

function saidIn(declaration: McpServerDeclaration): Partial<McpServerDeclaration> {
  const { origin: _origin, locate: _locate, ...said } = declaration;
  return said;
}

/** The members that say something: an absent field and one that is undefined are the same. */
const entriesOf = (object: object): [string, unknown][] =>
  Object.entries(object).filter(([, value]) => value !== undefined);
