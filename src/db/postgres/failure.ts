import { ChatelaineError, isRecord } from '#kernel';
import { databaseError } from '../errors.ts';

/** Where a statement did not answer in time. The connection is gone with it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

// SQLSTATE classes and codes: PostgreSQL manual, appendix A.
const LOGIN = /^28|^3D000$/;
const RIGHTS = /^42501$/;
const BUSY = /^55P03$|^57014$/;
// Connection exceptions, insufficient resources, operator intervention, system errors, a standby.
const UNAVAILABLE = /^(08|53|57P|58)|^25006$|^25P03$/;

/** What node:tls says of a certificate that does not hold, and the driver of a server without TLS. */
const UNTRUSTED =
  /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)|SSL connections?$/;

/** The driver's words for a connection that broke or never came about; its errors carry no code. */
const BROKEN = /^(Connection terminated|timeout exceeded|Client has encountered|Client was closed|Query read timeout)/;

/** The driver's own refusals of a password exchange, before the server could refuse. */
const SASL = /^SASL: /;

/**
 * The catalogued error behind a failure of the server, the way to it or its rights. Anything else (a
 * broken constraint, a conflict between transactions, a wrong statement) comes back as it was.
 */
export function translateFailure(error: unknown): unknown {
  if (error instanceof ChatelaineError || !(error instanceof Error)) return error;
  const { message } = error;
  const code = codeOf(error);
  const options = { cause: error };
  if (LOGIN.test(code) || SASL.test(message))
    return databaseError('DATABASE_LOGIN_REFUSED', `the database server refused: ${message}`, options);
  if (RIGHTS.test(code)) return databaseError('DATABASE_RIGHTS_MISSING', message, options);
  if (BUSY.test(code)) return databaseError('DATABASE_BUSY', `the database gave up waiting: ${message}`, options);
  if (UNTRUSTED.test(code) || UNTRUSTED.test(message))
    return databaseError('DATABASE_UNTRUSTED', `the database server is not trusted: ${message}`, options);
  if (UNAVAILABLE.test(code) || isBroken(error))
    return databaseError('DATABASE_UNAVAILABLE', `the database server cannot be used: ${reason(error)}`, options);
  return error;
}

/** Whether the connection that this came from is of no more use. */
export function breaksConnection(error: unknown): boolean {
  return error instanceof Error && (isBroken(error) || /^(08|57P)/.test(codeOf(error)));
}

function isBroken(error: Error): boolean {
  // A failed look-up or dial, a reset: errors of the system, with the call that failed.
  return (
    error instanceof NoAnswer || 'syscall' in error || BROKEN.test(error.message) || error.name === 'AggregateError'
  );
}

/** A dial that failed on several addresses says nothing but that; its parts do. */
function reason(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ');
}

function codeOf(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined;
  return typeof code === 'string' ? code : '';
}
