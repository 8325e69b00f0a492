/** A tool as the API shows it. */
import { z } from 'zod';
import { TOOL_STATUSES, type CatalogueTool } from '#contract';
import { moment, momentOf } from '#http';
import { isRecord, type JsonObject } from '#kernel';
import type { PinStanding } from '../pins/pin.ts';
import { CREDENTIAL_SCORES } from '../tools/lints.ts';
import type { RegisteredTool, ToolAuthor } from '../tools/registered-tool.ts';
import { ownerText } from '../tools/tool-registry.ts';
import type { ToolUsage } from '../tools/running-tools.ts';

export const anyObject = z.record(z.string(), z.unknown());

export const author = z.strictObject({ kind: z.enum(['user', 'agent']), iss: z.string(), sub: z.string() });

const usage = z.strictObject({
  calls: z.int(),
  errors: z.int(),
  errorRate: z.number(),
  averageMs: z.number().nullable(),
  lastUsedAt: moment.nullable(),
});

const facts = {
  namespace: z.string(),
  name: z.string(),
  origin: z.enum(['declared', 'registered', 'federated']).describe('`declared`: in a file, and read-only here.'),
  type: z.string().nullable(),
  source: z.string().nullable(),
  title: z.string().nullable(),
  description: z.string(),
  tags: z.array(z.string()),
  owner: z.string().nullable().describe('`user:…` or `agent:…`; of a registered tool by id.'),
  version: z.string().nullable(),
  status: z.enum([...TOOL_STATUSES, 'broken']).describe('`broken`: it is registered and does not run.'),
  replacedBy: z.string().nullable(),
  reason: z.string().nullable().describe('Why it is quarantined or broken, as callers may know it.'),
  scopesRequired: z.array(z.string()),
  decoy: z.boolean().describe('A trap, which callers do not see.'),
  supportContact: z.string().nullable(),
  documentationUrl: z.string().nullable(),
  revision: z.int().nullable().describe('Of the document of a registered tool.'),
  changedAt: moment.nullable(),
  usage: usage.nullable(),
};

export const toolItem = z.strictObject(facts);
export const toolAnswer = z.strictObject({
  ...facts,
  id: z.string().nullable().describe('Of a registered tool.'),
  generation: z.int().describe('Counts the changes of the tool and of its pin.'),
  authRequired: z.array(z.string()),
  authDocumentation: z.string().nullable(),
  annotations: anyObject,
  inputSchema: anyObject.nullable(),
  outputSchema: anyObject.nullable(),
  examples: z.array(z.strictObject({ description: z.string(), arguments: anyObject })),
  credentialScore: z
    .int()
    .nullable()
    .describe(`How strongly its source proves itself, from 0 to ${CREDENTIAL_SCORES.vault}.`),
  pin: z.string().nullable().describe('The digest of its definition: SHA-256 over canonical JSON (RFC 8785).'),
});

export const lintAnswer = z.strictObject({
  severity: z.enum(['error', 'warning']),
  rule: z.string(),
  field: z.string(),
  message: z.string(),
});

/** Everything that is known of one tool. */
export interface ShownTool {
  readonly namespace: string;
  readonly name: string;
  readonly running: CatalogueTool | undefined;
  readonly registered: RegisteredTool | undefined;
  /** Why a registered one does not run. */
  readonly broken: string | undefined;
  readonly standing: PinStanding | undefined;
  /** What calls are answered with, where it is quarantined. */
  readonly refusal: string | undefined;
  readonly usage: ToolUsage | undefined;
}

export function itemOf(shown: ShownTool): z.input<typeof toolItem> {
  const { namespace, name, running, registered, broken, refusal, usage: used } = shown;
  const isBroken = registered !== undefined && running?.registration === undefined;
  const tool = isBroken ? undefined : running;
  return {
    ...{ namespace, name },
    origin: registered === undefined ? (tool?.origin ?? 'declared') : 'registered',
    type: tool?.type ?? null,
    source: tool?.source ?? null,
    title: tool?.title ?? null,
    description: tool?.description ?? '',
    tags: [...(tool?.tags ?? [])],
    owner: registered === undefined ? (tool?.entry.owner ?? null) : ownerText(registered.owner),
    version: registered?.version ?? tool?.entry.version ?? null,
    status: isBroken
      ? 'broken'
      : refusal === undefined
        ? (registered?.status ?? tool?.entry.status ?? 'active')
        : 'quarantined',
    replacedBy: registered?.replacedBy ?? tool?.entry.replacedBy ?? null,
    reason: isBroken ? (broken ?? 'it is not taken up yet') : (refusal ?? null),
    scopesRequired: [...(tool?.scopesRequired ?? [])],
    decoy: tool?.entry.decoy ?? false,
    supportContact: tool?.entry.supportContact ?? null,
    documentationUrl: tool?.entry.documentationUrl ?? null,
    revision: registered?.revision ?? null,
    changedAt: registered === undefined ? null : momentOf(registered.changedAt),
    usage:
      used === undefined
        ? null
        : {
            ...{ calls: used.calls, errors: used.errors },
            errorRate: used.calls === 0 ? 0 : used.errors / used.calls,
            averageMs: used.averageMs ?? null,
            lastUsedAt: used.lastUsedAt === undefined ? null : momentOf(used.lastUsedAt),
          },
  };
}

export function answerOf(shown: ShownTool, pin: string | undefined): z.input<typeof toolAnswer> {
  const { running, registered } = shown;
  const tool = registered !== undefined && running?.registration === undefined ? undefined : running;
  return {
    ...itemOf(shown),
    id: registered?.id ?? null,
    generation: generationOf(registered, shown.standing),
    authRequired: [...(tool?.authRequired ?? [])],
    authDocumentation: tool?.entry.authDocumentation ?? null,
    annotations: { ...tool?.annotations },
    inputSchema: objectOf(tool?.inputSchema),
    outputSchema: objectOf(tool?.outputSchema),
    examples: (tool?.entry.examples ?? []).map((one) => ({
      description: one.description,
      arguments: { ...one.arguments },
    })),
    credentialScore: tool === undefined ? null : CREDENTIAL_SCORES[tool.foundation().credential.way],
    pin: pin ?? null,
  };
}

const objectOf = (value: JsonObject | undefined): Record<string, unknown> | null =>
  isRecord(value) ? { ...value } : null;

/** Both only ever grow, and every change moves one of them. */
const generationOf = (registered: RegisteredTool | undefined, standing: PinStanding | undefined): number =>
  (registered?.generation ?? 0) + (standing?.generation ?? 0);

/** What tells one state of a registered tool from every other, for its `ETag`. */
export const stateOf = (tool: RegisteredTool, standing: PinStanding | undefined): string =>
  `${tool.id} ${generationOf(tool, standing)}`;

export const shownAuthor = ({ kind, iss, sub }: ToolAuthor): z.input<typeof author> => ({ kind, iss, sub });
