/** What simulations and advice look like on the wire. */
import { z } from 'zod';
import { EVERYWHERE, resourceName, ROLES } from '#contract';

const names = z.array(z.string());
const uid = z.strictObject({ type: z.string(), id: z.string() });
const moment = z.iso.datetime({ offset: true });

export const range = {
  from: moment.optional().describe('The first moment that counts; a week ago where it is not said.'),
  to: moment.optional().describe('The first moment that does not; now where it is not said.'),
  most: z.int().min(1).max(1_000_000).default(100_000).describe('So many records are looked at, the newest.'),
};

/** A namespace that is out of reach has no calls, as one that is not there. */
export const aboutNamespace = z.strictObject({
  namespace: resourceName
    .optional()
    .describe('Only calls of its tools. Who holds the role in several namespaces alone, names one of them.'),
});

const policyId = z.string().regex(/^(?:\*|[a-z0-9][a-z0-9._-]{0,127})\/[a-z0-9][a-z0-9._-]{0,127}$/i, {
  error: 'is `namespace/name` of a policy, `*/name` for a global one',
});

const proposed = z.strictObject({
  id: policyId,
  priority: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .optional()
    .describe('That of the policy it takes the place of, or 0, where it is not said.'),
  cedar: z.string().min(1).max(100_000),
});

export const proposal = {
  instead: z.boolean().default(false).describe('In the place of all policies; otherwise on top of them.'),
  put: z.array(proposed).max(1000).default([]).describe('Added, or in the place of those of the same id.'),
  remove: z.array(policyId).max(1000).default([]),
};

const obligation = z.strictObject({ kind: z.string(), value: z.string() });
const side = z.strictObject({
  allowed: z.boolean(),
  because: z.string(),
  policies: names,
  obligations: z.array(obligation).optional().describe('Absent: nobody knows any more.'),
});

const flip = z.strictObject({
  change: z.enum(['denied', 'allowed', 'obligations']),
  principal: uid.optional(),
  tool: uid,
  count: z.int(),
  example: z
    .strictObject({
      record: z.strictObject({ id: z.string(), time: z.string() }),
      before: side,
      after: side,
      facts: z.record(z.string(), z.json()).describe('What the proposed policies look at.'),
    })
    .optional(),
});

const range_ = z.strictObject({ from: z.string(), to: z.string() });

export const simulationReport = z.strictObject({
  range: range_,
  draft: z.strictObject({
    version: z
      .string()
      .describe(
        'Digest of the policies as they would be, those about other namespaces left out where who asks may not read them.',
      ),
    added: names,
    replaced: names,
    removed: names,
  }),
  decisions: z.int().describe('Recorded decisions of the range.'),
  replayed: z.int(),
  unchanged: z.int(),
  truncated: z.boolean().describe('There are older records in the range that were not looked at.'),
  counts: z.strictObject({ denied: z.int(), allowed: z.int(), obligations: z.int() }),
  flips: z
    .array(flip)
    .describe(
      'By caller and tool, the most frequent first. Who may not read the record sees neither callers nor examples.',
    ),
  ungrouped: z.int(),
  notReplayed: z.array(
    z.strictObject({
      why: z.enum(['fact', 'subject', 'record', 'inconsistent']),
      what: z.string(),
      count: z.int(),
      example: z.string().optional(),
    }),
  ),
  withoutObligations: z.int().describe('Replayed without knowing what was asked in return.'),
});
export type SimulationAnswer = z.input<typeof simulationReport>;

export const progressLine = z.strictObject({ progress: z.strictObject({ records: z.int() }) });
export const simulationLine = z.union([progressLine, z.strictObject({ report: simulationReport })]);

export const advisedFor = z
  .union([
    z.strictObject({ role: z.enum(ROLES) }),
    z.strictObject({ user: z.string().min(1).max(256) }),
    z.strictObject({ agent: z.string().min(1).max(256) }),
    z.strictObject({ policy: policyId }),
  ])
  .describe('Whose use is looked at: a role, a user, an agent, or whoever a policy permitted.');

export const adviceReport = z.strictObject({
  range: range_,
  cedar: z.string().describe('The permits; empty where nothing was called.'),
  calls: z.int(),
  lost: z.int().describe('Calls that nobody can tell any more whose they were.'),
  truncated: z.boolean(),
  scopes: names.describe('The scopes of the tools that were called.'),
  tools: z.array(
    z.strictObject({
      tool: uid,
      calls: z.int(),
      firstAt: z.string(),
      lastAt: z.string(),
      lastRecord: z.string(),
      scopes: names,
      callers: z.array(uid),
    }),
  ),
  check: z
    .strictObject({ passed: z.int(), failed: z.int() })
    .describe('The recorded calls held against the advice alone.'),
});
export type AdviceAnswer = z.input<typeof adviceReport>;
export const adviceLine = z.union([progressLine, z.strictObject({ report: adviceReport })]);

export const policyPath = z.strictObject({
  namespace: z.union([z.literal(EVERYWHERE), resourceName]),
  name: z.string().min(1).max(128),
});

const counts = z.strictObject({
  'would-deny': z.int(),
  'would-allow': z.int(),
  obligations: z.int(),
});

export const shadowReport = z.strictObject({
  policy: z.string(),
  digest: z
    .string()
    .optional()
    .describe('Of the policy as it is written now: what was counted of another text does not count.'),
  recorded: counts.extend({ since: z.string().optional() }).describe('Of all processes, by the record.'),
  here: counts
    .extend({
      same: z.int(),
      since: z.string(),
      dropped: z
        .int()
        .describe('Decisions that were not compared: there were too many, or nobody had looked at their arguments.'),
    })
    .optional()
    .describe('By the process that answers, since it watches; absent where it does not.'),
  examples: z.array(
    z.strictObject({
      difference: z.enum(['would-deny', 'would-allow', 'obligations']),
      at: z.string(),
      principal: uid,
      tool: uid,
      before: side,
      after: side,
      facts: z.record(z.string(), z.json()),
    }),
  ),
});
export type ShadowAnswer = z.input<typeof shadowReport>;
