/**
 * The rules of a tool registry as a form: `roles`, `tool_ids`, `tool_tags`, `time_restrictions` and the rest, as
 * installations have them that come from one. Days count from Monday as 0, hours are of UTC.
 */
import { z } from 'zod';
import { EVERYWHERE, policyForm, WEEKDAYS, type PolicyForm } from '#contract';
import { err, ok, type Result } from '#kernel';

const text = z.string().min(1).max(512);
const texts = z.array(text).max(200);

const hour = z.union([z.int().min(0).max(24), z.string().regex(/^\d\d:\d\d$/, { error: 'an hour is 9 or `09:00`' })]);

const restricted = z.strictObject({
  min: z.number().optional(),
  max: z.number().optional(),
  allowed_values: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
  pattern: z.string().optional().describe('A text in which `*` stands for anything.'),
});

const count = z.int().min(1);

export const registryRules = z.strictObject({
  roles: texts.optional(),
  tool_ids: texts.optional(),
  tool_tags: texts.optional(),
  time_restrictions: z
    .strictObject({
      allowed_days: z.array(z.int().min(0).max(6)).max(7).optional().describe('0 is Monday.'),
      allowed_hours: z
        .union([z.array(z.tuple([hour, hour])).max(24), z.strictObject({ start: hour, end: hour })])
        .optional()
        .describe('From the first hour on, and no more at the second; UTC.'),
    })
    .optional(),
  resource_limits: z
    .strictObject({
      max_calls_per_minute: count.optional(),
      max_requests_per_minute: count.optional(),
      max_requests_per_day: count.optional(),
      max_requests: count.optional().describe('In all.'),
    })
    .optional(),
  allowed_scopes: texts.optional(),
  duration_minutes: count.optional(),
  restricted_params: z.record(text, restricted).optional(),
  require_approval: z.boolean().optional(),
  log_usage: z.literal(true, { error: 'every call is on record; that cannot be switched off' }).optional(),
  valid_until: text.optional(),
});

export type RegistryRules = z.output<typeof registryRules>;

/** A hundred years: what is counted in all is forgotten by nobody who is alive. */
const EVER = '36500d';

/** The error says which rule has no form. An empty list restricts nothing, as in a registry. */
export function formOfRules(rules: RegistryRules, namespace: string): Result<PolicyForm, string> {
  const { time_restrictions: times, resource_limits: limits } = rules;
  const some = <Item>(items: readonly Item[] | undefined): readonly Item[] | undefined =>
    items === undefined || items.length === 0 ? undefined : items;
  const fields = {
    roles: some(rules.roles),
    tools: some(rules.tool_ids)?.map((id) =>
      id.includes('/') || namespace === EVERYWHERE ? id : `${namespace}/${id}`,
    ),
    tags: some(rules.tool_tags),
    days: some(times?.allowed_days)?.map((day) => WEEKDAYS[day]),
    hours: some(hoursOf(times?.allowed_hours)),
    limits: some([
      ...perTime(limits?.max_calls_per_minute, '1m'),
      ...perTime(limits?.max_requests_per_minute, '1m'),
      ...perTime(limits?.max_requests_per_day, '1d'),
      ...perTime(limits?.max_requests, EVER),
    ]),
    scopes: some(rules.allowed_scopes),
    duration: rules.duration_minutes === undefined ? undefined : `${rules.duration_minutes}m`,
    parameters:
      rules.restricted_params &&
      Object.fromEntries(
        Object.entries(rules.restricted_params).map(([name, { min, max, allowed_values: oneOf, pattern: like }]) => [
          name,
          present({ min, max, oneOf, like }),
        ]),
      ),
    requireApproval: rules.require_approval === true ? true : undefined,
    validUntil: rules.valid_until,
  };
  const read = policyForm.safeParse(present(fields));
  if (read.success) return ok(read.data);
  return err(read.error.issues.map(({ path, message }) => `\`${path.join('.')}\`: ${message}`).join('; '));
}

const present = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const perTime = (most: number | undefined, time: string): readonly string[] =>
  most === undefined ? [] : [`${most} calls per ${time}`];

type Hours = NonNullable<RegistryRules['time_restrictions']>['allowed_hours'];

function hoursOf(hours: Hours): readonly string[] | undefined {
  if (hours === undefined) return undefined;
  const ranges = Array.isArray(hours) ? hours : [[hours.start, hours.end] as const];
  return ranges.map(([from, until]) => `${clock(from)}-${clock(until) === '00:00' ? '24:00' : clock(until)}`);
}

const clock = (at: number | string): string => (typeof at === 'string' ? at : `${String(at).padStart(2, '0')}:00`);
