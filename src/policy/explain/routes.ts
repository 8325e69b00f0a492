/** Questions to policies as routes of `/api/v1`: why, and who could have. */
import { z } from 'zod';
import { ROLES } from '#contract';
import { route, type Route } from '#http';
import type { Clock } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import type { PolicySet } from '../decide/policy-set.ts';
import { principalEntity, toolEntity } from '../facts/entities.ts';
import {
  action,
  args,
  circumstances,
  circumstancesOf,
  findCaller,
  findTool,
  knownOf,
  toolName,
  whom,
} from './asked.ts';
import { explain } from './explanation.ts';
import type { CallableTools, Callers } from './ports.ts';
import { sentence } from './sentence.ts';
import { rolesThatMay, whoMay } from './who.ts';

export interface ExplainParts {
  readonly policies: { current(): PolicySet | Promise<PolicySet> };
  /** For questions: what it holds parsed takes nothing from what calls are decided by. */
  readonly evaluator: () => Promise<Evaluator>;
  readonly callers: Callers;
  readonly tools: CallableTools;
  readonly clock: Clock;
}

const asked = { tool: toolName, action, arguments: args.optional(), circumstances: circumstances.default({}) };

const because = z.enum(['permit', 'forbid', 'nothing', 'error', 'argument']);
const names = z.array(z.string());
const yielding = z.strictObject({ rule: z.string(), because: z.enum(['global', 'priority', 'forbid']) });

const explained = z.strictObject({
  sentence: z.string(),
  allowed: z.boolean(),
  because,
  determining: names.describe('The rules that decided.'),
  overridden: names,
  errors: z.array(z.strictObject({ rule: z.string(), message: z.string() })),
  version: z
    .string()
    .optional()
    .describe('Digest of all policies there are; for who may read them all. It changes with any of them.'),
  rules: z.array(
    z.strictObject({
      id: z.string(),
      policy: z.string(),
      namespace: z.string(),
      priority: z.number(),
      effect: z.enum(['permit', 'forbid']),
      overridable: z.boolean(),
      name: z.string().optional(),
      description: z.string().optional(),
      said: z.enum(['matched', 'unmatched', 'erred', 'not-asked', 'not-yet', 'past']),
      error: z.string().optional(),
      part: z
        .enum(['decides', 'outranked', 'outweighed', 'forbidden', 'unheard'])
        .optional()
        .describe('What became of a rule that matched.'),
      to: z.array(yielding).describe('The rules that it yields to, and why.'),
      reads: names,
    }),
  ),
  facts: z.array(
    z.strictObject({
      name: z.string(),
      value: z.json().optional().describe('Absent: it was not there.'),
      readBy: names,
    }),
  ),
  obligations: z.array(
    z.strictObject({
      kind: z.enum(['approval', 'duration', 'scopes', 'mask', 'limit']),
      value: z.string(),
      from: names.describe('The rules that ask for it.'),
    }),
  ),
});

const possibly = { on: names.describe('What it depends on.'), by: names.describe('The rules that permit it.') };
const who = z.strictObject({
  callers: z.array(
    z.strictObject({
      kind: z.enum(['user', 'agent', 'anonymous']),
      id: z.string(),
      name: z.string(),
      may: z.enum(['yes', 'depends']),
      ...possibly,
    }),
  ),
  roles: z
    .array(z.strictObject({ role: z.enum(ROLES), may: z.enum(['yes', 'depends', 'no']), ...possibly }))
    .describe('What each role gives by itself.'),
  within: names
    .optional()
    .describe('Where not everybody was looked at: who belongs to these namespaces or was given a role there.'),
  looked: z.int().describe('How many users and agents were looked at for this page.'),
  next: z.string().optional().describe('The cursor of the next page; absent on the last.'),
});

const facts = { tag: 'policies', permission: 'policy.read', where: 'listed', asks: true } as const;

export function explainRoutes({ policies, evaluator, callers, tools, clock }: ExplainParts): readonly Route[] {
  return [
    route({
      ...facts,
      operationId: 'explainDecision',
      method: 'POST',
      path: '/policies/explain',
      summary: 'Why somebody may do something, or may not',
      description:
        'Decides as a call would, with what is given of the moment. What is not given is as for most calls: at the door for MCP, with the scopes of the tool, without a second factor, now. Tools and callers beyond the namespaces in which who asks may read policies are as those that are not there.',
      errors: ['CALLER_UNKNOWN', 'CALLED_TOOL_UNKNOWN'],
      body: z.strictObject({ principal: whom, ...asked }),
      answer: explained,
      handle: async ({ body, namespaces: reach }) => {
        const tool = await findTool(tools, body.tool, reach);
        const caller = await findCaller(callers, body.principal, reach);
        const { namespace } = tool.facts;
        const told = explain(await evaluator(), await policies.current(), {
          principal: principalEntity(caller, namespace),
          action: body.action,
          resource: toolEntity(tool.facts),
          namespace,
          circumstances: circumstancesOf(body.circumstances, body.arguments, tool, clock.now()),
        });
        const named = { principal: nameOf(body.principal), action: body.action, tool: body.tool };
        const { allowed, because: why, determining, overridden, errors, version } = told.decision;
        return {
          ...{ sentence: sentence(named, told), allowed, because: why, ...(reach === 'all' && { version }) },
          ...{ determining: [...determining], overridden: [...overridden], errors: [...errors] },
          rules: told.rules.map(({ reads, to, ...rule }) => withoutAbsent({ ...rule, reads: [...reads], to: [...to] })),
          facts: told.facts.map(({ value, name, readBy }) =>
            withoutAbsent({ name, value: value as z.input<ReturnType<typeof z.json>>, readBy: [...readBy] }),
          ),
          obligations: told.obligations.map(({ from, ...one }) => ({ ...one, from: [...from] })),
        };
      },
    }),
    route({
      ...facts,
      operationId: 'whoMay',
      method: 'POST',
      path: '/policies/who',
      summary: 'Who may do something: users, agents and roles',
      description:
        'Of what is not given it is asked whether there is a value with which they may: `depends` says on what. Whose credential is narrower than they are is not looked at. Who may read the policies of some namespaces is told of their tools, and of who belongs there or was given a role there.',
      errors: ['CALLED_TOOL_UNKNOWN'],
      body: z.strictObject({
        ...asked,
        limit: z.int().min(1).max(1000).default(100),
        cursor: z.string().min(1).max(512).optional(),
      }),
      answer: who,
      handle: async ({ body, namespaces: reach }) => {
        const tool = await findTool(tools, body.tool, reach);
        const question = {
          action: body.action,
          tool: toolEntity(tool.facts),
          namespace: tool.facts.namespace,
          circumstances: circumstancesOf(body.circumstances, body.arguments, tool, clock.now()),
          known: knownOf(body.circumstances, body.arguments),
        };
        const [judge, set] = [await evaluator(), await policies.current()];
        const found = await whoMay(judge, set, question, callers, {
          ...{ after: body.cursor, limit: body.limit, reach },
        });
        return {
          callers: found.callers.map(({ on, by, ...one }) => ({ ...one, on: [...on], by: [...by] })),
          roles: rolesThatMay(judge, set, question).map(({ on, by, ...one }) => ({ ...one, on: [...on], by: [...by] })),
          ...(reach !== 'all' && { within: [...reach] }),
          looked: found.looked,
          ...(found.next !== undefined && { next: found.next }),
        };
      },
    }),
  ];
}

const nameOf = (asking: z.output<typeof whom>): string =>
  asking.kind === 'anonymous' ? 'Anybody' : `${asking.kind === 'user' ? 'User' : 'Agent'} \`${asking.id}\``;

/** A field without a value is left out, as answers have it. */
const withoutAbsent = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Value;
