/** What a token is by its looks, before anything about it is believed. */
import { ASYMMETRIC_ALGORITHMS } from '#contract';
import { isRecord, parseStrictJson, type JsonObject } from '#kernel';

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The header of a JWT that has one, read and not believed. */
export interface JwtShape {
  readonly header: JsonObject;
  readonly payload: JsonObject | undefined;
}

/**
 * The parts of a token that is a JWT, as MCP Toolbox tells them: three parts, the first of which is JSON
 * with an `alg`. Anything else is opaque, `a.b.c` too; undefined for it. `payload` is undefined where the
 * second part is no JSON object that can be read one way only.
 */
export function jwtShape(token: string): JwtShape | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  const header = jsonPart(parts[0] as string);
  if (header === undefined || !Object.hasOwn(header, 'alg')) return undefined;
  return { header, payload: jsonPart(parts[1] as string) };
}

/**
 * Whether that is a JWT with parts that do not belong to it, or without some: nobody issued it, so nobody is
 * asked about it. An encrypted one (`enc`) is opaque to us like any other.
 */
export function isMangledJwt(token: string): boolean {
  const parts = token.split('.', 6);
  if (parts.length === 1 || parts.length === 3) return false;
  const header = jsonPart(parts[0] as string);
  return header !== undefined && Object.hasOwn(header, 'alg') && !Object.hasOwn(header, 'enc');
}

function jsonPart(part: string): JsonObject | undefined {
  if (!BASE64URL.test(part)) return undefined;
  const parsed = parseStrictJson(Buffer.from(part, 'base64url'));
  return parsed.ok && isRecord(parsed.value) ? parsed.value : undefined;
}

const isAsymmetric = (alg: unknown): boolean => (ASYMMETRIC_ALGORITHMS as readonly unknown[]).includes(alg);

/** Types of JWTs that are access or ID tokens; others are for other purposes (RFC 8725 §3.11, RFC 9068 §2.1). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** What is wrong with the header of a JWT; undefined where its signature may be looked at. */
export function headerTrouble({ alg, typ, crit, kid }: JsonObject): string | undefined {
  if (!isAsymmetric(alg)) return 'the algorithm is not one that is accepted';
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.has(typ.toLowerCase()))) {
    return 'the type is not that of an access or ID token';
  }
  // We understand none, so each is one that we do not understand (RFC 7515 §4.1.11).
  if (crit !== undefined) return 'the header has critical extensions';
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 1024)) return 'the key id is not a short text';
  return undefined;
}
