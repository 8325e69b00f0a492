import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { CredentialRefusal } from '#contract';
import { equalBytes, err, ok, parseStrictJson, randomToken, sha256, type Clock, type Result } from '#kernel';

/** The header in which one process tells another what it saw of a request that it hands over. */
export const FORWARDED = 'chatelaine-forwarded';

/** So far may the clocks of two hosts be apart, and so old may a request be that is handed over. */
export const FRESH_MS = 30_000;

/** What only the process at the client's end of the connection can know. None of it says who is calling. */
export interface Witnessed {
  /** Of the client: what policies and throttles go by. */
  readonly address: string | undefined;
  readonly listener: 'public' | 'agents';
  /** On the agent listener: the certificate of the client's connection, judged there. */
  readonly shown?: ShownCertificate | undefined;
  /** Thumbprint of the key whose DPoP proof was used up there; where the request was only let through, nobody's. */
  readonly proved?: string | undefined;
}

/** A certificate that counts: what tokens are bound to, and whom its SPIFFE ID names. */
export interface ShownCertificate {
  readonly serial: string;
  readonly thumbprint: string;
  readonly identity: { readonly uri: string } | { readonly refusal: Pick<CredentialRefusal, 'reason' | 'detail'> };
}

/** Why such a header is not believed. */
export type NotVouched = 'unreadable' | 'forged' | 'expired' | 'used' | 'misdirected';

const REASONS = [
  ...(['malformed', 'unknown', 'mismatch', 'expired', 'revoked'] as const),
  ...(['disabled', 'address', 'unavailable'] as const),
] satisfies readonly CredentialRefusal['reason'][];

const saidSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  at: z.int(),
  nonce: z.string(),
  listener: z.enum(['public', 'agents']),
  address: z.string().optional(),
  proved: z.string().optional(),
  shown: z
    .strictObject({
      serial: z.string(),
      thumbprint: z.string(),
      identity: z.union([
        z.strictObject({ uri: z.string() }),
        z.strictObject({ refusal: z.strictObject({ reason: z.enum(REASONS), detail: z.string().optional() }) }),
      ]),
    })
    .optional(),
});

/**
 * Writes and reads the header. Its digest is made under a key that the processes of one installation share, and
 * binds what is vouched for to this one request: method, target, `Host` and `Origin`, session, credential, the
 * process that it is for, and the moment. It is believed once.
 */
export class Voucher {
  readonly #key: Buffer;
  readonly #self: string;
  readonly #clock: Clock;
  /** What was believed, and when, oldest first: nothing older than a request may be has to be remembered. */
  readonly #used = new Map<string, number>();

  constructor(options: { readonly key: Buffer; readonly self: string; readonly clock: Clock }) {
    this.#key = options.key;
    this.#self = options.self;
    this.#clock = options.clock;
  }

  /** The header's value for a request that goes to that process. */
  write(request: IncomingMessage, to: string, { address, listener, shown, proved }: Witnessed): string {
    const said = {
      ...{ from: this.#self, to, at: this.#clock.now(), nonce: randomToken(16), listener },
      ...(address !== undefined && { address }),
      ...(shown !== undefined && { shown }),
      ...(proved !== undefined && { proved }),
    };
    const text = Buffer.from(JSON.stringify(said)).toString('base64url');
    return `${text}.${this.#digest(request, text).toString('base64url')}`;
  }

  /** What a sibling vouches for. The value is believed once; its order of checks tells a stranger nothing but `forged`. */
  read(request: IncomingMessage, value: string): Result<Witnessed, NotVouched> {
    const [text = '', digest, ...more] = value.split('.');
    if (digest === undefined || more.length > 0) return err('unreadable');
    if (!equalBytes(Buffer.from(digest, 'base64url'), this.#digest(request, text))) return err('forged');
    const parsed = parseStrictJson(Buffer.from(text, 'base64url'));
    const read = parsed.ok ? saidSchema.safeParse(parsed.value) : undefined;
    // Another version's: it was made with the key.
    if (read?.success !== true) return err('unreadable');
    const { to, at, nonce, address, listener, shown, proved } = read.data;
    const now = this.#clock.now();
    if (Math.abs(now - at) > FRESH_MS) return err('expired');
    if (to !== this.#self) return err('misdirected');
    if (!this.#use(nonce, now)) return err('used');
    return ok({ address, listener, shown, proved });
  }

  #use(nonce: string, now: number): boolean {
    for (const [old, since] of this.#used) {
      if (now - since <= 2 * FRESH_MS) break;
      this.#used.delete(old);
    }
    if (this.#used.has(nonce)) return false;
    this.#used.set(nonce, now);
    return true;
  }

  #digest({ method, url, headers }: IncomingMessage, said: string): Buffer {
    const credential = sha256(JSON.stringify([headers.authorization, headers['dpop']])).toString('base64url');
    const bound = [method, url, headers.host, headers.origin, headers['mcp-session-id'], credential];
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([FORWARDED, said, bound]))
      .digest();
  }
}
