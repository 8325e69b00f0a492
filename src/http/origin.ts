import type { AuditOrigin, Principal } from '#contract';
import type { Incoming } from './incoming.ts';

const TRACE_ID = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Who does it and how they came in, for the record. */
export function originOf(principal: Principal, incoming: Incoming): AuditOrigin {
  const { kind, iss, sub, name, via, tsid, act } = principal;
  const traceId = TRACE_ID.exec(incoming.headers['traceparent'] ?? '')?.[1];
  const userAgent = incoming.headers['user-agent'];
  return {
    door: incoming.door,
    requestId: incoming.requestId,
    actor: {
      kind,
      iss,
      sub,
      name,
      ...(via.method === 'api-key' && { keyId: via.keyId }),
      ...(tsid !== undefined && { tsid }),
    },
    ...(act !== undefined && { delegation: act }),
    ...(incoming.address !== undefined && { address: incoming.address }),
    ...(userAgent !== undefined && { userAgent }),
    ...(traceId !== undefined && { traceId }),
    ...(via.method === 'certificate' && { certificateSerial: via.serial }),
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
