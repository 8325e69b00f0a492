/** Who sends a request: by a token, by none, or in the place of somebody else (impersonation). */
import type { IncomingHttpHeaders } from 'node:http';
import type { Json, JsonObject } from './json.ts';
import { Refusal } from './statuses.ts';
import type { Tokens } from './tokens.ts';

export interface Caller {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const administrator: Caller = {
  username: 'admin',
  groups: ['system:masters', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'0'.repeat(64)}`] },
};
const anonymous: Caller = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

export const unauthorized = (): Refusal => new Refusal(401, 'Unauthorized', 'Unauthorized');

export function serviceAccount(namespace: string, name: string, rest: Partial<Caller> = {}): Caller {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ...rest,
  };
}

/** Whose token it is. Without one it is nobody, or the administrator where nobody has to sign in. */
export function callerOf(headers: IncomingHttpHeaders, tokens: Tokens, mustSignIn: boolean): Caller {
  const [, token] = /^Bearer (.*)$/.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) return mustSignIn ? anonymous : administrator;
  const found = tokens.callerOf(token);
  if (found === undefined) throw unauthorized();
  return found;
}

/** In whose place the caller asks, if in anybody's. */
export function impersonated(headers: IncomingHttpHeaders): Caller | undefined {
  const user = headers['impersonate-user'];
  if (typeof user !== 'string') return undefined;
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  if (namespace !== undefined && name !== undefined) return serviceAccount(namespace, name);
  if (user === anonymous.username) return anonymous;
  const groups = [headers['impersonate-group'] ?? []].flat();
  return { username: user, groups: [...groups, 'system:authenticated'] };
}

export const isMaster = ({ groups }: Caller): boolean => groups.includes('system:masters');

/** As reviews and webhooks are told of a caller. */
export const userInfo = ({ username, uid, groups, extra }: Caller): JsonObject => ({
  username,
  ...(uid !== undefined && { uid }),
  groups: [...groups],
  ...(extra !== undefined && { extra: structuredClone(extra) as unknown as Json }),
});
