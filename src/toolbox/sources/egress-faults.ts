import type { ChatelaineError } from '#kernel';
import { toolboxError } from '../errors.ts';

/** What went wrong on the way out, in the words of who called a tool: of a source, and of a call. */
const CODES = {
  EGRESS_UNREACHABLE: 'SOURCE_UNREACHABLE',
  EGRESS_TIMEOUT: 'TOOL_TIMEOUT',
  EGRESS_UNREADABLE: 'TOOL_FAILED',
  OUTGOING_TOKEN_REFUSED: 'SOURCE_UNREACHABLE',
} as const;

/** `explain` of an `EgressClient` behind a source. */
export function asToolFault(error: ChatelaineError): ChatelaineError {
  const code = CODES[error.code as keyof typeof CODES];
  return code === undefined ? error : toolboxError(code, error.message, { cause: error.cause });
}
