/** From one value to another as a JSON merge patch (RFC 7386). Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '#kernel';

type Members = Readonly<Record<string, unknown>>;

/** Lists are replaced as a whole, as the RFC has it; `undefined` where there is nothing to change. */
export function mergePatch(before: Members, after: Members): Members | undefined {
  const changes: [string, unknown][] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, wanted] = [before[name], after[name]];
    if (isDeepStrictEqual(old, wanted)) continue;
    if (isRecord(old) && isRecord(wanted)) changes.push([name, mergePatch(old, wanted) ?? {}]);
    else if (wanted !== undefined) changes.push([name, wanted]);
    else changes.push([name, null]);
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}
