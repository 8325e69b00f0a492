import { actorOf, traceIdOf, type AuditOrigin, type Principal } from '#contract';
import type { Incoming } from './incoming.ts';

/** Who does it and how they came in, for the record. */
export function originOf(principal: Principal, incoming: Incoming): AuditOrigin {
  const { via, act } = principal;
  const { door, requestId, address, headers } = incoming;
  return {
    door,
    requestId,
    actor: actorOf(principal),
    delegation: act,
    address,
    userAgent: headers['user-agent'],
    traceId: traceIdOf(headers['traceparent']),
    certificateSerial: via.method === 'certificate' ? via.serial : undefined,
  };
}

/** Who asks what everybody may ask. */
export const NOBODY: Principal = Object.freeze({
  kind: 'anonymous',
  iss: 'chatelaine',
  sub: 'anonymous',
  name: 'anonymous',
  namespace: 'default',
  roles: Object.freeze([]),
  access: new Set<never>(),
  groups: Object.freeze([]),
  scopes: new Set<never>(),
  via: Object.freeze({ method: 'local' } as const),
});
