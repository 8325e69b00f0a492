import { z } from 'zod';
import { resourceName, type Principal } from '#contract';
import { listing, route, type Route } from '#http';
import { missingAgent, type AgentDirectory } from '#identity';
import { reveal, type Clock } from '#kernel';
import { anyId, authorOf, cut, namespacesWith, ofTool, toolName, type ToolName } from '../parts.ts';
import { credentialAnswer, shownAt, validated, validationAnswer, vendedAnswer } from './answers.ts';
import { toolId, type Credential } from './credential.ts';
import type { Credentials } from './credentials.ts';
import { credentialError, unknownCredential } from './errors.ts';
import { LONGEST_MS } from './grant.ts';
import type { Vending } from './vending.ts';

export interface CredentialRouteParts {
  readonly credentials: Credentials;
  /** Undefined where this process issues no tokens. */
  readonly vending: Vending | undefined;
  readonly agents: Pick<AgentDirectory, 'placeOf' | 'show'>;
  readonly clock: Clock;
}

const scope = z.string().min(1).max(256);
const token = z.string().min(1).max(16_384);
const VEND_ERRORS = [
  'ACCESS_TOOL_UNKNOWN',
  'CREDENTIAL_REFUSED',
  'CREDENTIAL_NEEDS_APPROVAL',
  'CREDENTIAL_SCOPES_EMPTY',
  'CREDENTIAL_WIDER',
  'CREDENTIAL_DURATION_REFUSED',
  'CREDENTIAL_BINDING_REFUSED',
  'CREDENTIAL_LIMIT',
  'CREDENTIAL_HOLDER_REFUSED',
  'VENDING_UNAVAILABLE',
];
const tag = 'credentials';

/** Credentials for one tool: `/api/v1/tools/{namespace}/{name}/access`, `/api/v1/credentials`, and those of an agent. */
export function credentialRoutes({ credentials, vending, agents, clock }: CredentialRouteParts): readonly Route[] {
  const shown = (one: Credential): ReturnType<typeof shownAt> => shownAt(one, clock.now());
  /** Credentials for the tool count here beside those of the API: to narrow them, to look at them, to give them up. */
  const withItsCredentials = {
    takesTokensFor: ({ namespace = '', name = '' }: Readonly<Record<string, string>>) =>
      ({ kind: 'tool', namespace, tool: name }) as const,
  };
  const one = {
    params: z.strictObject({ id: anyId }),
    where: {
      target: ({ id }: { readonly id: string }, principal: Principal) => credentials.placeOf(principal, id),
      missing: ({ id }: { readonly id: string }) => unknownCredential(id),
    },
  } as const;
  const ofAgent = {
    params: toolName,
    where: {
      target: ({ namespace, name }: ToolName, principal: Principal) => agents.placeOf(principal, namespace, name),
      missing: ({ namespace, name }: ToolName) => missingAgent(namespace, name),
    },
  } as const;

  return [
    route({
      ...ofTool,
      ...withItsCredentials,
      operationId: 'vendCredential',
      method: 'POST',
      path: '/tools/{namespace}/{name}/access',
      summary: 'A short-lived credential for one tool, where a policy permits `vend`',
      description:
        'What is given is what was asked for, what the policy allows and what the caller has. With a DPoP proof (RFC 9449 §5) it is bound to that key. Asked with such a credential, a narrower one is made from it.',
      tag,
      permission: 'tool.vend',
      status: 201,
      body: z.strictObject({
        scopes: z
          .array(scope)
          .min(1)
          .max(64)
          .optional()
          .describe('`read`, `execute` and scopes of the tool: all that can be had when left out.'),
        durationSeconds: z.number().optional().describe('900 when left out, 3600 at most.'),
        bind: z
          .enum(['key', 'certificate'])
          .optional()
          .describe('To the key of the `DPoP` proof, or to the client certificate of the connection.'),
      }),
      errors: VEND_ERRORS,
      answer: vendedAnswer,
      replay: (answer) => ({ ...answer, token: null }),
      handle: async (call) => {
        if (vending === undefined) throw credentialError('VENDING_UNAVAILABLE', 'no tokens are issued here');
        const { scopes, durationSeconds, bind } = call.body;
        const wish = { scopes, durationMs: checkDuration(durationSeconds), bind, presented: call.presented() };
        const vended = await vending.vend(authorOf(call), { ...call.params, ...wish });
        const { credential, resource } = vended;
        return {
          credential: shown(credential),
          token: reveal(vended.token),
          tokenType: credential.cnf?.jkt === undefined ? ('Bearer' as const) : ('DPoP' as const),
          resource,
          expiresIn: Math.max(0, Math.floor((credential.expiresAt - clock.now()) / 1000)),
        };
      },
    }),
    route({
      ...ofTool,
      ...withItsCredentials,
      operationId: 'validateAccessToTool',
      method: 'GET',
      path: '/tools/{namespace}/{name}/validate-access',
      summary: 'Whether the credential that this request comes with counts for the tool',
      description: 'The credential stands in `Authorization`; one in a URL would end up in logs.',
      tag,
      permission: 'tool.request',
      query: z.strictObject({ scope: scope.optional() }),
      errors: ['ACCESS_TOOL_UNKNOWN'],
      answer: validationAnswer,
      handle: async ({ principal, query }) => {
        const { via } = principal;
        const found = via.method === 'token' && via.jti !== undefined ? await credentials.known(via.jti) : undefined;
        const isValid = found !== undefined && (query.scope === undefined || found.scopes.includes(query.scope));
        return validated(isValid ? { valid: true, credential: found } : { valid: false });
      },
    }),
    route({
      ...ofTool,
      operationId: 'validateToolAccess',
      method: 'POST',
      path: '/tools/{namespace}/{name}/access/validate',
      summary: 'Whether a credential that the tool’s provider was shown counts for the tool',
      tag,
      permission: 'tool.validate',
      body: z.strictObject({ token, scope: scope.optional() }),
      errors: ['ACCESS_TOOL_UNKNOWN'],
      answer: validationAnswer,
      handle: async ({ params, body }) => {
        const { namespace, name: tool } = params;
        const asked = { namespaces: [namespace], tool: toolId({ namespace, tool }), scope: body.scope };
        return validated(await credentials.validate(body.token, asked));
      },
    }),
    route({
      ...ofTool,
      ...withItsCredentials,
      operationId: 'giveUpCredential',
      method: 'DELETE',
      path: '/tools/{namespace}/{name}/access',
      summary: 'Give up the credential that this request comes with, and all that were made from it',
      tag,
      permission: 'tool.request',
      status: 204,
      errors: ['ACCESS_TOOL_UNKNOWN', 'CREDENTIAL_UNKNOWN'],
      handle: (call) => credentials.giveUp(authorOf(call)),
    }),
    route({
      ...ofTool,
      operationId: 'revokeCredentialsOfTool',
      method: 'DELETE',
      path: '/tools/{namespace}/{name}/credentials',
      summary: 'Revoke every credential for a tool, here at once and elsewhere within a second',
      tag,
      permission: 'credential.revoke',
      errors: ['ACCESS_TOOL_UNKNOWN'],
      answer: z.strictObject({ revoked: z.int() }),
      handle: async (call) => {
        const { namespace, name: tool } = call.params;
        return { revoked: await credentials.revokeAll(authorOf(call), { namespace, tool }) };
      },
    }),
    route({
      operationId: 'validateCredential',
      method: 'POST',
      path: '/credentials/validate',
      summary: 'Whether a credential counts, for who publishes tools of its namespace',
      description: 'Unknown ones, those for tools of others, and those that are over or revoked answer alike.',
      tag,
      permission: 'tool.validate',
      where: 'listed',
      query: z.strictObject({ namespace: resourceName.optional() }),
      body: z.strictObject({ token, scope: scope.optional() }),
      answer: validationAnswer,
      handle: async ({ namespaces, body }) =>
        validated(await credentials.validate(body.token, { namespaces, scope: body.scope })),
    }),
    listing({
      operationId: 'listCredentials',
      path: '/credentials',
      summary: 'The caller’s own credentials, and all of the namespaces that they administer or audit, oldest first',
      tag,
      permission: 'credential.list',
      where: 'listed',
      query: z.strictObject({
        namespace: resourceName.optional(),
        tool: z.string().min(1).max(128).optional().describe('The name of a tool.'),
        holder: anyId.optional().describe('The id of an agent or user.'),
        state: z.enum(['active', 'all']).default('active'),
      }),
      item: credentialAnswer,
      position: z.string(),
      handle: async (call) => {
        const { query, limit, after, principal } = call;
        const { namespace, tool, holder: holderId, state } = query;
        const filter = { namespace, tool, holderId, state, seenIn: namespacesWith(principal, ['admin', 'auditor']) };
        return cut(await credentials.list(principal, filter, { after, limit: limit + 1 }), limit, shown);
      },
    }),
    route({
      ...one,
      operationId: 'getCredential',
      method: 'GET',
      path: '/credentials/{id}',
      summary: 'One credential, without the token',
      tag,
      permission: 'credential.read',
      errors: ['CREDENTIAL_UNKNOWN'],
      answer: credentialAnswer,
      handle: async ({ params }) => shown(await credentials.find(params.id)),
    }),
    route({
      ...one,
      operationId: 'revokeCredential',
      method: 'DELETE',
      path: '/credentials/{id}',
      summary: 'Revoke a credential and all that were made from it, here at once and elsewhere within a second',
      tag,
      permission: 'credential.revoke',
      errors: ['CREDENTIAL_UNKNOWN'],
      answer: credentialAnswer,
      handle: async (call) => shown(await credentials.revoke(authorOf(call), call.params.id)),
    }),
    route({
      ...ofAgent,
      operationId: 'listCredentialsOfAgent',
      method: 'GET',
      path: '/agents/{namespace}/{name}/credentials',
      summary: 'The credentials of an agent that count, oldest first, 200 at the most',
      tag,
      permission: 'agent.read',
      errors: ['AGENT_UNKNOWN'],
      answer: z.strictObject({ items: z.array(credentialAnswer) }),
      handle: async (call) => {
        const { id } = await agents.show(authorOf(call), call.params.name, call.params.namespace);
        return { items: (await credentials.ofHolder(id)).map(shown) };
      },
    }),
    route({
      ...ofAgent,
      operationId: 'revokeCredentialsOfAgent',
      method: 'DELETE',
      path: '/agents/{namespace}/{name}/credentials',
      summary: 'Revoke every credential of an agent, here at once and elsewhere within a second',
      tag,
      permission: 'agent.disable',
      errors: ['AGENT_UNKNOWN'],
      answer: z.strictObject({ revoked: z.int() }),
      handle: async (call) => {
        const by = authorOf(call);
        const { id: holderId } = await agents.show(by, call.params.name, call.params.namespace);
        return { revoked: await credentials.revokeAll(by, { holderId }) };
      },
    }),
  ];
}

function checkDuration(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds * 1000 <= LONGEST_MS) return seconds * 1000;
  throw credentialError('CREDENTIAL_DURATION_REFUSED', `\`${seconds}\` seconds are none, or too many`);
}
