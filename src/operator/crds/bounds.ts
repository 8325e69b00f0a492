/** What the checks of a schema bound: lengths of texts and lists, values of whole numbers, patterns. */
import type { z } from 'zod';

export interface Bounds {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly patterns: readonly RegExp[];
}

/** The narrowest of what several checks say. */
export function boundsOf(schema: z.core.$ZodType): Bounds {
  const least: number[] = [];
  const most: number[] = [];
  const patterns: RegExp[] = [];
  for (const {
    _zod: { def },
  } of schema._zod.def.checks ?? []) {
    // zod types a check by its name, and the list by none.
    const { check, minimum, maximum, value, inclusive, pattern } = def as Said;
    if (check === 'min_length') least.push(Number(minimum));
    else if (check === 'max_length') most.push(Number(maximum));
    else if (check === 'greater_than') least.push(Number(value) + (inclusive === true ? 0 : 1));
    else if (check === 'less_than') most.push(Number(value) - (inclusive === true ? 0 : 1));
    else if (check === 'string_format' && pattern !== undefined) patterns.push(pattern);
  }
  return {
    minimum: least.length === 0 ? undefined : Math.max(...least),
    maximum: most.length === 0 ? undefined : Math.min(...most),
    patterns,
  };
}

interface Said extends z.core.$ZodCheckDef {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number | bigint | Date;
  readonly inclusive?: boolean;
  readonly pattern?: RegExp;
}
