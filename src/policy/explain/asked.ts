/** Questions as they come over a wire: who, what, and what is known of the moment. */
import { z } from 'zod';
import type { Principal } from '#contract';
import type { DecisionRequest } from '../decide/policy-set.ts';
import type { Circumstances } from '../facts/circumstances.ts';
import { argumentValue, UNREPRESENTABLE } from '../facts/values.ts';
import { questionError } from './errors.ts';
import { isWithin, type CallableTool, type CallableTools, type Callers, type Reach } from './ports.ts';
import type { Known } from './possible.ts';

const word = z.string().min(1).max(256);

export const whom = z
  .union([
    z.strictObject({ kind: z.literal('user'), id: word }),
    z.strictObject({ kind: z.literal('agent'), id: word }),
    z.strictObject({ kind: z.literal('anonymous') }),
  ])
  .describe('A user by login name or id, an agent by `namespace/name` or id, or anybody who did not sign in.');
export type Whom = z.output<typeof whom>;

export const toolName = z
  .string()
  .regex(/^[^/\s]{1,128}\/\S{1,256}$/u, { error: 'names a tool with its namespace: `default/search`' });

export const action = z.enum(['execute', 'read', 'vend', 'approve', 'publish']).default('execute');

export const circumstances = z
  .strictObject({
    at: z.iso.datetime({ offset: true }).optional().describe('Now, where it is not said.'),
    door: z.enum(['mcp', 'rest', 'cli']).optional(),
    method: z.enum(['api-key', 'session', 'certificate', 'token', 'local']).optional(),
    scopes: z.array(word).max(100).optional(),
    client: word.optional(),
    address: z.union([z.ipv4(), z.ipv6()]).optional(),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .optional(),
    asn: z.int().min(0).max(4_294_967_295).optional(),
    authAgeSeconds: z.int().min(0).max(315_360_000).optional(),
    mfa: z.boolean().optional(),
    actors: z.array(word).max(16).optional().describe('`issuer#subject`, nearest first.'),
  })
  .describe('What is known of the moment.');
export type AskedCircumstances = z.output<typeof circumstances>;

export const args = z.record(z.string().max(128), z.json()).describe('Arguments of the call, by name.');
export type AskedArguments = z.output<typeof args>;

/** Throws `CALLED_TOOL_UNKNOWN`, of what is out of reach as of what is not there. */
export async function findTool(tools: CallableTools, named: string, reach: Reach): Promise<CallableTool> {
  const slash = named.indexOf('/');
  const namespace = named.slice(0, slash);
  const found = isWithin(reach, namespace) ? await tools.find(namespace, named.slice(slash + 1)) : undefined;
  if (found === undefined) throw questionError('CALLED_TOOL_UNKNOWN', `no tool is called \`${named}\``);
  return found;
}

/** Throws `CALLER_UNKNOWN`, of who is out of reach as of who is not there. */
export async function findCaller(callers: Callers, asked: Whom, reach: Reach): Promise<Principal> {
  if (asked.kind === 'anonymous') return ANYBODY;
  const found = await callers.find(asked, reach);
  if (found === undefined)
    throw questionError('CALLER_UNKNOWN', `there is no ${asked.kind} \`${asked.id}\` who may call anything`);
  return found;
}

const ANYBODY: Principal = {
  ...{ kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous', namespace: 'default' },
  ...{ roles: [], groups: [], access: new Set(['read', 'execute'] as const), scopes: new Set<string>() },
  via: { method: 'token', issuer: 'chatelaine' },
};

/** What is not said is as it is for most: at the door for MCP, with the scopes of the tool, without a second factor. */
export function circumstancesOf(
  given: AskedCircumstances,
  passed: AskedArguments | undefined,
  tool: CallableTool,
  now: number,
): Circumstances {
  const at = given.at === undefined ? now : Date.parse(given.at);
  const { client, address, country, asn, authAgeSeconds } = given;
  return {
    ...{ door: given.door ?? 'mcp', method: given.method ?? 'token', now: at, mfa: given.mfa ?? false },
    ...{ scopes: new Set(given.scopes ?? tool.facts.scopes), actors: given.actors ?? [] },
    ...{ client, address, country, asn },
    authTime: authAgeSeconds === undefined ? undefined : at - authAgeSeconds * 1000,
    argument: (name) => {
      const value = passed !== undefined && Object.hasOwn(passed, name) ? passed[name] : undefined;
      const declared = Object.hasOwn(tool.arguments, name) ? tool.arguments[name] : undefined;
      if (declared !== undefined) return argumentValue(value, declared);
      return value === undefined ? undefined : UNREPRESENTABLE;
    },
  };
}

export function knownOf({ at, ...given }: AskedCircumstances, passed: AskedArguments | undefined): Known {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  const fields = new Set(said.map(([name]) => name));
  if (at !== undefined) fields.add('now');
  return { fields, args: passed === undefined ? 'none' : 'all', moment: at !== undefined };
}

export type QuestionAction = DecisionRequest['action'];
