import type { AuditEvent } from './audit-record.ts';
import type { Principal } from './principal.ts';

const actors = new WeakMap<Principal, AuditEvent['actor']>();

/** A principal as records name it: made once for each that is remembered. */
export function actorOf(principal: Principal): AuditEvent['actor'] {
  let actor = actors.get(principal);
  if (actor === undefined) {
    const { kind, iss, sub, name, via, tsid } = principal;
    const keyId = via.method === 'api-key' ? via.keyId : undefined;
    const sessionId = via.method === 'session' ? via.sessionId : undefined;
    actor = { kind, iss, sub, name, keyId, sessionId, tsid };
    actors.set(principal, actor);
  }
  return actor;
}

/** W3C Trace Context §3.2: version, trace id, parent id, flags; a trace id of zeros is none. */
const TRACEPARENT = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/** The trace that a request says it belongs to; undefined where it says none. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
