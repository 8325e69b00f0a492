import { isUtf8 } from 'node:buffer';
import { isRecord, parseStrictJson, type ChatelaineError } from '#kernel';
import type { AuditEvent, Presentation, Principal } from '#contract';
import { httpError } from './errors.ts';

/** Header fields by their lower-case names. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** A request as the frame takes it from any door: its path is found, nothing of it is checked. */
export interface Incoming {
  readonly requestId: string;
  readonly door: AuditEvent['door'];
  readonly headers: Headers;
  readonly params: Readonly<Record<string, string>>;
  /** Without its question mark. */
  readonly query: string;
  readonly address?: string | undefined;
  /** What it shows of keys, made for those who ask. */
  readonly presented?: (() => Presentation | undefined) | undefined;
  /** The `WWW-Authenticate` of a refusal, at doors where somebody can still say who they are. */
  readonly challenge?: ((error: ChatelaineError) => string | undefined) | undefined;
  /**
   * Puts on record what the caller may not do, at doors that strangers reach: the listener knows floods.
   * Elsewhere each refusal is appended. Rejects as the trail does.
   */
  readonly recordDenial?: ((principal: Principal, event: AuditEvent) => Promise<unknown>) | undefined;
}

const DEEPEST = 16;

/** The media type of forms. */
export const FORM = 'application/x-www-form-urlencoded';

/** The JSON of a body; undefined where there is none. Throws `REQUEST_BODY_REFUSED`. */
export function parseBody(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const parsed = parseStrictJson(bytes, { maxDepth: DEEPEST });
  if (parsed.ok) return parsed.value;
  // Not the parser's own words: they quote the text, which may be a secret with a comma too few.
  const reason = /^(?:the text|an object)/.test(parsed.error) ? parsed.error : 'it is not JSON';
  throw httpError('REQUEST_BODY_REFUSED', `the body cannot be read: ${reason}`);
}

/**
 * The fields of a form, which are read strictly: UTF-8, each once. Throws `REQUEST_BODY_REFUSED`, and repeats nothing:
 * they hold passwords.
 */
export function parseForm(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw httpError('REQUEST_BODY_REFUSED', 'the body cannot be read: it is no form in UTF-8');
  return parseQuery(bytes.toString());
}

/** The parameters of a query. One that is given twice stands as a list, which no schema of ours takes. */
export function parseQuery(query: string): Readonly<Record<string, unknown>> {
  const found = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(found);
}

/** Whether a body says nothing: a POST that takes none may send `{}`, as many clients always do. */
export const isEmpty = (body: unknown): boolean =>
  body === undefined || (isRecord(body) && Object.keys(body).length === 0);
