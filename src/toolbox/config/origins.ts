/**
 * Where the values of a document were written, as a tree beside the data: the values stay plain data
 * that any schema can read.
 */
import type { FieldPath } from '#contract';

/** A scalar that the environment had a part in. */
export interface EnvironmentValue {
  /** The scalar as the file has it, `${PORT:5432}`. */
  readonly written: string;
  /** One reference, without quotes: then it may stand for a number or a boolean as well. */
  readonly plain: boolean;
  /** Whether a variable was missing; that is reported once, and the value means nothing. */
  readonly unset: boolean;
}

/** Where one member of a mapping or item of a list was written. */
export interface MemberOrigin {
  /** Offset of the key; of the value in a list. */
  readonly key: number;
  readonly value: number;
  readonly environment?: EnvironmentValue;
  /** A number or boolean as it was written, for fields that take text: `0123`, `1.10`. */
  readonly written?: string;
  /** What stands there was refused and reported when the text was read, so the data has no such member. */
  readonly refused?: boolean;
  /** The members of the value, where it is a mapping or a list. */
  readonly inside?: OriginTree;
}

export interface OriginTree {
  readonly start: number;
  readonly members: ReadonlyMap<string | number, MemberOrigin>;
}

/** The member that a path names, and where it or the last on the way that exists begins. */
export function findOrigin(
  tree: OriginTree,
  path: FieldPath,
): { readonly member?: MemberOrigin; readonly start: number } {
  let at: OriginTree | undefined = tree;
  let { start } = tree;
  let member: MemberOrigin | undefined;
  for (const step of path) {
    member = at?.members.get(step);
    if (!member) return { start };
    start = member.value;
    at = member.inside;
  }
  return member ? { member, start } : { start };
}
