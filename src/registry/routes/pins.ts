/** `/api/v1/tools/{namespace}/{name}/pin`: what of a tool was approved, what waits, and a person's decision. */
import { z } from 'zod';
import { moment, momentOf, route, type Route } from '#http';
import { FINDINGS } from '../pins/findings.ts';
import type { PinReview } from '../pins/pin-board.ts';
import { NO_TERMS, openTerms } from '../pins/second-person.ts';
import { authorOf, toolName, where, type ToolRouteParts } from './parts.ts';
import { anyObject } from './shapes.ts';

const whoseYes = z
  .array(z.string())
  .describe('Whose yes policy still wants: `""` of anybody else who may, `group:name`, `role:name`.');

const pin = z.strictObject({
  state: z.enum(['approved', 'quarantined']),
  why: z.string(),
  approved: z
    .strictObject({ digest: z.string(), definition: anyObject, by: z.string().nullable(), at: moment.nullable() })
    .nullable(),
  waiting: z
    .strictObject({ digest: z.string(), definition: anyObject, author: z.string().nullable(), open: whoseYes })
    .nullable()
    .describe('The definition that a decision is about.'),
  changes: z.array(
    z.strictObject({
      field: z.string(),
      kind: z.enum(['text', 'narrowed', 'widened', 'loosened', 'egress', 'body', 'other']),
      words: z.string(),
      before: z.unknown(),
      after: z.unknown(),
    }),
  ),
  findings: z.array(z.strictObject({ kind: z.enum(FINDINGS), field: z.string(), words: z.string() })),
  note: z.string(),
  changedAt: moment,
});

const decision = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Of the definition that was looked at: a later one is not meant.'),
  note: z.string().max(200).default('').describe('Why, for the record.'),
});

const DECISION_ERRORS = ['REGISTERED_TOOL_UNKNOWN', 'SECOND_PERSON_NEEDED', 'TOOL_PIN_CHANGED', 'TOOL_PIN_SETTLED'];

export function pinRoutes({ pins }: ToolRouteParts): readonly Route[] {
  return [
    route({
      where,
      params: toolName,
      operationId: 'getToolPin',
      method: 'GET',
      path: '/tools/{namespace}/{name}/pin',
      summary: 'What of a tool was approved, what waits, and the difference in words',
      tag: 'tools',
      permission: 'tool.review',
      errors: ['REGISTERED_TOOL_UNKNOWN'],
      answer: pin,
      version: (answer) => JSON.stringify(answer),
      handle: async ({ params }) => shown(await pins.review(params)),
    }),
    route({
      where,
      params: toolName,
      operationId: 'approveTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}/pin/approve',
      summary: 'Approve the definition that waits: a second person, where it is somebody’s',
      description: 'Where policy wants the yes of several, it runs when the last of them has said it.',
      tag: 'tools',
      permission: 'tool.approve',
      body: decision,
      errors: [...DECISION_ERRORS, 'PUBLICATION_DENIED', 'TOOL_CONFIGURATION_NEEDED'],
      answer: z.strictObject({ state: z.enum(['approved', 'quarantined']), open: whoseYes }),
      handle: async (call) => {
        const { state, open } = await pins.approve(authorOf(call), { ...call.params, ...call.body });
        return { state, open: [...open] };
      },
    }),
    route({
      where,
      params: toolName,
      operationId: 'rejectTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}/pin/reject',
      summary: 'Keep the definition that waits from being called',
      tag: 'tools',
      permission: 'tool.approve',
      status: 204,
      body: decision,
      errors: DECISION_ERRORS,
      handle: (call) => pins.reject(authorOf(call), { ...call.params, ...call.body }),
    }),
    route({
      where,
      params: toolName,
      operationId: 'quarantineTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}/quarantine',
      summary: 'Stop a tool, wherever it comes from, until somebody approves it',
      tag: 'tools',
      permission: 'tool.quarantine',
      status: 204,
      body: z.strictObject({ note: z.string().max(200).default('').describe('Why, for the record.') }),
      errors: ['REGISTERED_TOOL_UNKNOWN'],
      handle: (call) => pins.hold(authorOf(call), call.params, call.body.note),
    }),
  ];
}

function shown({ pin: found, changes }: PinReview): z.input<typeof pin> {
  const { digest, definition, pendingDigest, pendingDefinition } = found;
  return {
    ...{ state: found.state, why: found.why, note: found.note, changedAt: momentOf(found.changedAt) },
    approved:
      digest === undefined || definition === undefined
        ? null
        : {
            ...{ digest, definition: { ...definition } },
            by: found.approvedBy ?? null,
            at: found.approvedAt === undefined ? null : momentOf(found.approvedAt),
          },
    waiting:
      pendingDigest === undefined || pendingDefinition === undefined
        ? null
        : {
            ...{ digest: pendingDigest, definition: { ...pendingDefinition }, author: found.pendingAuthor ?? null },
            open: [...openTerms(found.pendingTerms ?? NO_TERMS)],
          },
    changes: changes.map((one) => ({ ...one })),
    findings: found.findings.map((one) => ({ ...one })),
  };
}
