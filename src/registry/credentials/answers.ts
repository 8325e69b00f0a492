/** Credentials as the API shows them, and what it says of a token: one answer for whatever does not count. */
import { z } from 'zod';
import { moment, momentOf } from '#http';
import { credentialState, toolId, type Credential } from './credential.ts';
import type { Validation } from './credentials.ts';

const cnf = z
  .strictObject({ jkt: z.string().optional(), 'x5t#S256': z.string().optional() })
  .describe('The keys that it is bound to (RFC 7800).');

export const credentialAnswer = z.strictObject({
  id: z.string().describe('The `jti` of the token.'),
  tool: z.string().describe('`namespace/name`.'),
  holder: z.strictObject({ kind: z.enum(['user', 'agent']), id: z.string(), name: z.string() }),
  scopes: z.array(z.string()),
  cnf: cnf.nullable(),
  parent: z.string().nullable().describe('The credential that it was narrowed from.'),
  through: z.string().describe('What its holder came with: it ends when that does.'),
  policies: z.array(z.string()),
  state: z.enum(['active', 'expired', 'revoked']),
  issuedAt: moment,
  expiresAt: moment,
  revokedAt: moment.nullable(),
});

export const vendedAnswer = z.strictObject({
  credential: credentialAnswer,
  token: z.string().nullable().describe('The credential itself: shown this once, and null in a repetition.'),
  tokenType: z.enum(['Bearer', 'DPoP']).describe('The scheme that it is sent with.'),
  resource: z.string().describe('Its audience, and where it is used: this URL with `/invoke`, and `/mcp`.'),
  expiresIn: z.int().describe('Seconds.'),
});

export const validationAnswer = z.strictObject({
  valid: z.boolean(),
  credential_id: z.string().optional(),
  tool_id: z.string().optional(),
  agent_id: z.string().optional().describe('The id of the agent or person who holds it.'),
  expires_at: moment.optional(),
  scopes: z.array(z.string()).optional(),
  cnf: cnf.optional(),
  error: z.string().optional(),
});

export const shownAt = (one: Credential, now: number): z.input<typeof credentialAnswer> => ({
  id: one.id,
  tool: toolId(one),
  holder: { ...one.holder },
  scopes: [...one.scopes],
  cnf: one.cnf ?? null,
  parent: one.parent ?? null,
  through: one.through.kind,
  policies: [...one.policies],
  state: credentialState(one, now),
  issuedAt: momentOf(one.issuedAt),
  expiresAt: momentOf(one.expiresAt),
  revokedAt: momentOf(one.revokedAt),
});

export function validated(validation: Validation): z.input<typeof validationAnswer> {
  if (!validation.valid) return { valid: false, error: 'the credential does not count here' };
  const { credential } = validation;
  return {
    valid: true,
    credential_id: credential.id,
    tool_id: toolId(credential),
    agent_id: credential.holder.id,
    expires_at: momentOf(credential.expiresAt),
    scopes: [...credential.scopes],
    ...(credential.cnf !== undefined && { cnf: credential.cnf }),
  };
}
