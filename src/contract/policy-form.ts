import { z } from 'zod';
import { scopeToken } from './config/common.ts';
import { parseDuration } from '#kernel';

/**
 * A policy as a form: what most policies say, in fields. All that is said must hold for the policy to match;
 * within a list any of it. `#policy` makes Cedar of it, and the form again of that Cedar.
 */

/** No control characters, and nothing that is half a character: what is shown is what is compared. */
const plainText = z
  .string()
  .min(1)
  .max(512)
  // The rule suspects control characters in an expression of being there by mistake; here they are what is refused.
  // oxlint-disable-next-line no-control-regex
  .refine((text) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) && text.isWellFormed(), {
    error: 'a text here has no line breaks or other control characters',
  });

const some = <Item extends z.ZodType<string | number>>(item: Item) =>
  z
    .array(item)
    .min(1)
    .max(200)
    .refine((items) => new Set(items).size === items.length, { error: 'one entry stands there twice' });

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const POLICY_ACTIONS = ['execute', 'read', 'vend', 'approve', 'publish'] as const;
export type PolicyAction = (typeof POLICY_ACTIONS)[number];

const HOURS = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

const hours = z
  .string()
  .regex(HOURS, { error: 'hours are written `09:00-17:00`; `22:00-06:00` goes past midnight' })
  .refine((text) => text.slice(0, 5) !== text.slice(6), {
    error: 'the range begins where it ends; a day is `00:00-24:00`',
  })
  .refine((text) => !text.endsWith('-00:00'), { error: 'the end of a day is written `24:00`' })
  .meta({ title: 'hours' });

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

const moment = z
  .string()
  .refine((text) => MOMENT.test(text) && !Number.isNaN(Date.parse(text)), {
    error: 'a moment is written `2027-01-31T18:00:00Z` (RFC 3339)',
  })
  .meta({ title: 'moment' });

const LIMIT = /^\d{1,15} (?:(?:calls|rows|bytes|cost) per \S+|at once)$/;

const limit = z.string().refine((text) => LIMIT.test(text) && isTime(text), {
  error: 'a limit is written `100 calls per 1h` (also `rows`, `bytes`, `cost`) or `5 at once`',
});

const isTime = (text: string): boolean => {
  const [, time] = text.split(' per ');
  return time === undefined || (parseDuration(time) ?? 0) > 0;
};

const approval = z
  .union([
    z.literal(true),
    plainText.regex(/^(?:group|role):\S.*$/u, { error: 'who says yes is `group:name` or `role:name`, or `true`' }),
  ])
  .describe('Whether a person must say yes first: anybody who may (`true`), or one of `group:name` or `role:name`.');

const LARGEST = 922_337_203_685_477;

/** What decimals of Cedar say exactly: four digits behind the point. */
const bound = z.number().refine((value) => Math.abs(value) <= LARGEST && Number(value.toFixed(4)) === value, {
  error: 'a bound has at most four digits behind its point',
});

const parameter = z
  .strictObject({
    type: z
      .enum(['integer', 'float'])
      .optional()
      .describe('What numbers are compared as; found in the declaration of the tools where that is left out.'),
    min: bound.optional().describe('The least value.'),
    max: bound.optional().describe('The greatest value.'),
    oneOf: z
      .union([some(plainText), some(z.int()), z.tuple([z.boolean()])])
      .optional()
      .describe('The values that are right.'),
    like: plainText.optional().describe('A pattern in which `*` stands for anything, also for nothing.'),
  })
  .superRefine(({ type, min, max, oneOf, like }, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { problem: 'CONTRADICTION' } });
    if (min === undefined && max === undefined && oneOf === undefined && like === undefined)
      refuse('min', 'a parameter is restricted by `min`, `max`, `oneOf` or `like`');
    if (min !== undefined && max !== undefined && min > max) refuse('max', '`max` is less than `min`');
    const ranged = min !== undefined || max !== undefined;
    if (type !== undefined && !ranged) refuse('type', '`type` is for `min` and `max`');
    if (type === 'integer' && ![min ?? 0, max ?? 0].every(Number.isSafeInteger))
      refuse('type', 'an integer has no digits behind its point');
    if (ranged && (oneOf !== undefined || like !== undefined)) refuse('oneOf', 'a number has `min` and `max` alone');
    if (oneOf !== undefined && like !== undefined) refuse('like', '`oneOf` says already what is right');
  });

const FOR_PERMITS = ['requireApproval', 'duration', 'scopes', 'mask', 'limits', 'everybody'] as const;
const WHO = ['roles', 'groups', 'users', 'agents'] as const;

export const policyForm = z
  .strictObject({
    effect: z.enum(['permit', 'forbid']).default('permit').describe('Whether it allows or denies.'),
    overridable: z.literal(true).optional().describe('Of a forbid: that a permit of higher priority outweighs it.'),
    actions: some(z.enum(POLICY_ACTIONS))
      .optional()
      .describe('What is done. Of a permit all but `approve` where that is left out, of a forbid everything.'),
    roles: some(plainText).optional().describe('Who: holders of these roles where the tool is.'),
    groups: some(plainText).optional().describe('Who: members of these groups, `namespace/name` or `issuer#name`.'),
    users: some(plainText).optional().describe('Who: users by id; `issuer#subject` of an identity provider.'),
    agents: some(plainText).optional().describe('Who: agents by id.'),
    everybody: z
      .literal(true)
      .optional()
      .describe('Of a permit that names nobody: that callers without a credential are meant too.'),
    tools: some(plainText).optional().describe('What: these tools, by name or `namespace/name`.'),
    toolsets: some(plainText).optional().describe('What: the tools of these toolsets.'),
    sources: some(plainText).optional().describe('What: the tools of these sources.'),
    servers: some(plainText).optional().describe('What: the tools of these servers.'),
    tags: some(plainText).optional().describe('What: tools that have one of these tags.'),
    days: some(z.enum(WEEKDAYS))
      .optional()
      .describe('On these days; a range of hours belongs to the day it begins on.'),
    hours: some(hours).optional().describe('Within these hours, from the first on and no more at the last.'),
    timeZone: z
      .string()
      .regex(/^[A-Za-z0-9_+/-]{1,64}$/, { error: 'a time zone is a name such as `Europe/Zurich`' })
      .optional()
      .describe('Whose days and hours; UTC where that is left out.'),
    addresses: some(plainText).optional().describe('From these addresses or networks, such as `10.0.0.0/8`.'),
    countries: some(z.string().regex(/^[A-Z]{2}$/, { error: 'a country has two capital letters (ISO 3166-1)' }))
      .optional()
      .describe('From these countries.'),
    parameters: z
      .record(plainText.regex(/^(?!__)/, { error: 'no parameter begins with `__`' }), parameter)
      .refine((all) => Object.keys(all).length > 0, { error: 'no parameter is named' })
      .optional()
      .describe('With these arguments, each there and as it says.'),
    validFrom: moment.optional().describe('From this moment on.'),
    validUntil: moment.optional().describe('No more from this moment on.'),
    requireApproval: approval.optional(),
    duration: z
      .string()
      .refine((text) => (parseDuration(text) ?? 0) > 0, { error: 'a duration is written `15m`' })
      .optional()
      .describe('How long a credential for the tool lives at most.'),
    scopes: some(scopeToken).optional().describe('The scopes it has at most.'),
    mask: some(plainText.regex(/^[^\s,]+$/, { error: 'a field is one word' }))
      .optional()
      .describe('Fields of the answer that are hidden.'),
    limits: some(limit).optional().describe('How much, such as `100 calls per 1h`.'),
  })
  .superRefine((form, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { problem: 'CONTRADICTION' } });
    if (form.effect === 'forbid') {
      for (const field of FOR_PERMITS)
        if (form[field] !== undefined) refuse(field, `\`${field}\` is for a permit; this is a forbid`);
    } else if (form.overridable !== undefined) refuse('overridable', '`overridable` is for a forbid');
    if (form.everybody !== undefined && WHO.some((field) => form[field] !== undefined))
      refuse('everybody', 'whoever is named is not everybody');
    if (form.timeZone !== undefined && form.days === undefined && form.hours === undefined)
      refuse('timeZone', '`timeZone` is for `days` and `hours`');
    const { validFrom, validUntil } = form;
    if (validFrom !== undefined && validUntil !== undefined && Date.parse(validFrom) >= Date.parse(validUntil))
      refuse('validUntil', '`validUntil` is not after `validFrom`: the policy would never hold');
  });

export type PolicyForm = z.output<typeof policyForm>;
export type FormParameter = z.output<typeof parameter>;
