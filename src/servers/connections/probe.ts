/**
 * Which era a server belongs to, judged by its answer to `server/discover` (MCP 2026-07-28, Versioning, Backward
 * Compatibility; Streamable HTTP and stdio, the same headings). A wrong guess is expensive on both sides: `initialize`
 * means nothing to a stateless server, and a session server may run what it half understands.
 */
import { isRecord, type JsonObject } from '#kernel';
import {
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  SESSION_VERSIONS,
  STATELESS_VERSION,
  UNSUPPORTED_PROTOCOL_VERSION,
} from './revision.ts';

export type ProbeAnswer =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly code: number; readonly data: unknown }
  /** HTTP without an error of the protocol in the body. */
  | { readonly kind: 'status'; readonly status: number }
  /** No answer in the time that it had. */
  | { readonly kind: 'silence' };

export type ProbeVerdict =
  | { readonly era: 'stateless'; readonly discovered: JsonObject }
  | { readonly era: 'session' }
  /** It refused our revision and names it as its own, as when replicas are of two versions: it is asked once more. */
  | { readonly era: 'again' }
  /** It speaks these, and none is ours. */
  | { readonly era: 'foreign'; readonly versions: readonly string[] }
  /** It says nothing about its era: what it said is the failure of the connection. */
  | { readonly era: 'unknown' };

/** Errors that only the stateless era has: who sends one is of it. */
const STATELESS_FAULTS: ReadonlySet<number> = new Set([HEADER_MISMATCH, MISSING_CLIENT_CAPABILITY]);

/** Statuses of who cannot answer now, or not to us: 401 and 403 do not come so far. */
const NOT_NOW: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

export function judgeProbe(answer: ProbeAnswer): ProbeVerdict {
  switch (answer.kind) {
    case 'result': {
      const versions = textsOf(answer.result['supportedVersions']);
      // A server that answers anything to anything is no stateless one.
      if (versions === undefined) return { era: 'session' };
      return versions.includes(STATELESS_VERSION) ? { era: 'stateless', discovered: answer.result } : among(versions);
    }
    case 'error': {
      if (answer.code === UNSUPPORTED_PROTOCOL_VERSION) {
        const versions = textsOf(isRecord(answer.data) ? answer.data['supported'] : undefined) ?? [];
        return versions.includes(STATELESS_VERSION) ? { era: 'again' } : among(versions);
      }
      return STATELESS_FAULTS.has(answer.code) ? { era: 'unknown' } : { era: 'session' };
    }
    case 'status':
      return answer.status >= 500 || NOT_NOW.has(answer.status) ? { era: 'unknown' } : { era: 'session' };
    case 'silence':
      return { era: 'session' };
  }
}

/** A server that lists its revisions, our stateless one not among them. */
function among(versions: readonly string[]): ProbeVerdict {
  const ours: readonly string[] = SESSION_VERSIONS;
  return versions.some((version) => ours.includes(version)) ? { era: 'session' } : { era: 'foreign', versions };
}

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
