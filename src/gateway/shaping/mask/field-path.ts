/**
 * Paths of fields, followed while a value is walked: how far each has been matched at a place is known from the place
 * above, so that a walk costs the same whatever the depth. Pure.
 */

/** A step of a path: a name with `*` in it, or any number of steps. */
type Step = { readonly any: true } | { readonly any: false; readonly parts: readonly string[] };

export interface FieldPath {
  readonly steps: readonly Step[];
  readonly caseSensitive: boolean;
}

/** One name alone is found at any depth. */
export function readFieldPath(written: string, caseSensitive: boolean): FieldPath {
  const names = written.split('.');
  const all = names.length === 1 ? ['**', ...names] : names;
  return { caseSensitive, steps: all.map((name) => stepOf(caseSensitive ? name : name.toLowerCase())) };
}

const stepOf = (name: string): Step => (name === '**' ? { any: true } : { any: false, parts: name.split('*') });

/** How many steps of a path are behind; a set, since `**` may stand for more or fewer. */
export type Progress = readonly number[];

/** At the root of a value. */
export const BEGIN: Progress = [0];

/** One member further down. `reached`: the member is what the path leads to. */
export function follow(path: FieldPath, from: Progress, name: string): { progress: Progress; reached: boolean } {
  if (from.length === 0) return NOWHERE;
  const spelled = path.caseSensitive ? name : name.toLowerCase();
  const next = new Set<number>();
  for (const at of from) advance(path.steps, at, spelled, next);
  const last = path.steps.length;
  const reached = next.has(last) || (next.has(last - 1) && path.steps[last - 1]?.any === true);
  return { progress: [...next].filter((at) => at < last), reached };
}

const NOWHERE = { progress: [], reached: false } as const;

function advance(steps: readonly Step[], at: number, name: string, next: Set<number>): void {
  const step = steps[at];
  if (step === undefined) return;
  if (step.any) {
    next.add(at);
    advance(steps, at + 1, name, next);
  } else if (matches(step.parts, name)) next.add(at + 1);
}

/** Whether the name is the parts with anything between them; each part at its first place, so once through. */
function matches(parts: readonly string[], name: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || name.length < first.length + last.length) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return name.endsWith(last);
}
