/** Fields that several source types share, parsed once: a port, a duration, a switch. */
import { z } from 'zod';
import { parseDuration } from '#kernel';

/** A number, or its digits as an environment variable gives them. */
export const portField = z
  .union([z.int(), z.string().regex(/^\d{1,5}$/, 'a port is a number')])
  .transform(Number)
  .refine((value) => value >= 1 && value <= 65_535, { message: 'a port is a number from 1 to 65535' });

/** Milliseconds of `30s`, `1m30s`. */
export const durationField = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { message: 'a duration is written like `30s` or `1m30s`' })
  .transform((text) => parseDuration(text) as number);

/** Milliseconds of a whole number of seconds, which is Toolbox's form, or of a duration. */
export const secondsField = z.union([
  z
    .int()
    .min(1)
    .transform((value) => value * 1000),
  durationField,
]);

/**
 * The parameters of a connection URL: a map, or one text of the form `a=b&c=d` since one environment
 * variable may hold all of them. Empty and absent are none.
 */
export const queryParamsField = z
  .union([
    z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    z.string().transform((text): Record<string, string> => Object.fromEntries(new URLSearchParams(text))),
  ])
  .nullish()
  .transform((params) =>
    Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)])),
  );
