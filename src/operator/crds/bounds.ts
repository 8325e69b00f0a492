/** What the checks of a schema bound: lengths of texts and lists, values of whole numbers, patterns. */
import { z } from 'zod';

export interface Bounds {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly patterns: readonly RegExp[];
}

/** The narrowest of what several checks say. */
export function boundsOf(schema: z.core.$ZodType): Bounds {
  const checks = (schema._zod.def.checks ?? []).map((check) => check._zod.def);
  const least = checks.flatMap((def): number[] => {
    if (isOf<z.core.$ZodCheckMinLengthDef>(def, 'min_length')) return [def.minimum];
    if (!isOf<z.core.$ZodCheckGreaterThanDef>(def, 'greater_than')) return [];
    return [Number(def.value) + (def.inclusive ? 0 : 1)];
  });
  const most = checks.flatMap((def): number[] => {
    if (isOf<z.core.$ZodCheckMaxLengthDef>(def, 'max_length')) return [def.maximum];
    if (!isOf<z.core.$ZodCheckLessThanDef>(def, 'less_than')) return [];
    return [Number(def.value) - (def.inclusive ? 0 : 1)];
  });
  const patterns = checks.flatMap((def): RegExp[] =>
    isOf<z.core.$ZodCheckStringFormatDef>(def, 'string_format') && def.pattern !== undefined ? [def.pattern] : [],
  );
  return {
    minimum: least.length === 0 ? undefined : Math.max(...least),
    maximum: most.length === 0 ? undefined : Math.min(...most),
    patterns,
  };
}

const isOf = <Def extends z.core.$ZodCheckDef>(def: z.core.$ZodCheckDef, check: string): def is Def =>
  def.check === check;
