import type { Agent } from 'undici';
import { ChatelaineError, err, reveal } from '#kernel';
import type { GrantSource, UpstreamTokenRequest } from '#contract';
import { openMutualTls, type MutualTls, type MutualTlsOptions } from '#tls';
import { shakeHands } from './shake-hands.ts';
import { exchangeError } from './errors.ts';
import { readReply, type Reply } from './exchange-reply.ts';
import { ACCESS_TOKEN, EXCHANGE_PATH, TOKEN_EXCHANGE } from './wire.ts';

/** Who we are, whom we trust and who the listener is: as for every connection where both ends show certificates. */
export interface ExchangeClientOptions extends MutualTlsOptions {
  /** The internal listener: `https://authserver.internal:7443`. */
  readonly url: URL;
  /** Who we are, as `namespace/name`: nothing is asked in the name of others. */
  readonly owner: string;
  /** How long an exchange may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Grants of people by exchange. Rejects with the catalogued errors of this module. */
export interface ExchangeClient extends GrantSource {
  /** `refused` while certificates have been replaced by what cannot be used. */
  state(): 'ok' | 'refused';
  /** Shakes hands with the listener, and asks for nothing; resolves to what is the matter, or to nothing. Never rejects. */
  probe(): Promise<ChatelaineError | undefined>;
  /** Looks at the files at once. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;
const CONNECTIONS = 64;
/** Less than the listener keeps a connection, so that no request meets one that is being closed. */
const KEPT_MS = 60_000;
const MOST_BYTES = 64 * 1024;

/** Throws as `openMutualTls` does. No connection is made before the first exchange. */
export async function openExchangeClient(options: ExchangeClientOptions): Promise<ExchangeClient> {
  const { url, owner, timeoutMs = TIMEOUT_MS } = options;
  const tls = await openMutualTls(options);
  const connections = new Connections(tls);
  return {
    async upstreamToken(request) {
      // What the certificate says cannot be asked for in another's name; so it is not tried.
      if (request.owner !== owner) return err({ reason: 'session' });
      return readReply(await exchange(connections, url, request, timeoutMs));
    },
    state: tls.state,
    async probe() {
      try {
        await shakeHands(url, tls.options(), CONNECT_TIMEOUT_MS);
        return undefined;
      } catch (cause) {
        return faultOf(cause, url);
      }
    },
    look: tls.look,
    async close() {
      tls.close();
      await connections.close();
    },
  };
}

/** Connections that are kept alive, made with the certificates of now. */
class Connections {
  readonly #tls: MutualTls;
  #agent: Promise<Agent> | undefined;

  constructor(tls: MutualTls) {
    this.#tls = tls;
    // What was shown and trusted is part of a connection: the next request begins a new one, running ones may end.
    tls.onChange(() => void this.close());
  }

  agent(): Promise<Agent> {
    if (this.#agent !== undefined) return this.#agent;
    const opening = (this.#agent = this.#open());
    // Without a certificate there is none; there may be one at the next exchange.
    opening.catch(() => this.#agent === opening && (this.#agent = undefined));
    return opening;
  }

  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    await (await agent?.catch(() => undefined))?.close();
  }

  async #open(): Promise<Agent> {
    const { Agent: NewAgent } = await import('undici');
    return new NewAgent({
      // Node does not ask who it is when a session is resumed.
      connect: { ...this.#tls.options(), timeout: CONNECT_TIMEOUT_MS, maxCachedSessions: 0 },
      ...{ allowH2: false, connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: KEPT_MS },
      ...{ keepAliveMaxTimeout: KEPT_MS, maxResponseSize: MOST_BYTES },
    });
  }
}

async function exchange(
  connections: Connections,
  url: URL,
  { subjectToken, upstream }: UpstreamTokenRequest,
  timeoutMs: number,
): Promise<Reply> {
  const body = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: reveal(subjectToken),
    subject_token_type: ACCESS_TOKEN,
    audience: upstream,
  }).toString();
  const signal = AbortSignal.timeout(timeoutMs);
  for (let attempt = 1; ; attempt++) {
    try {
      const agent = await connections.agent();
      const {
        statusCode,
        headers,
        body: answer,
      } = await agent.request({
        ...{ origin: url.origin, path: EXCHANGE_PATH, method: 'POST', body, signal },
        ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      });
      const retryAfter = headers['retry-after'];
      return {
        status: statusCode,
        retryAfter: Array.isArray(retryAfter) ? undefined : retryAfter,
        text: await answer.text(),
      };
    } catch (error) {
      // A connection that was kept may have ended unseen, and an exchange changes nothing: once more, on another.
      if (attempt === 1 && BROKEN.has(codeOf(error))) continue;
      throw faultOf(error, url);
    }
  }
}

const BROKEN: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'ECONNRESET',
  'EPIPE',
]);
const LATE: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Which side it is. */
function faultOf(cause: unknown, { host }: URL): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  const { name, message } = cause as Error;
  const code = codeOf(cause);
  if (name === 'TimeoutError' || LATE.has(code))
    return exchangeError('EXCHANGE_TIMEOUT', `the authorization server at \`${host}\` did not answer in time`, {
      cause,
    });
  // In TLS 1.3 a client has finished before the server has judged its certificate: what comes then is an alert, or the end.
  if (BROKEN.has(code) || /alert/i.test(message))
    return exchangeError(
      'EXCHANGE_CUT_OFF',
      `the authorization server at \`${host}\` ended the connection without an answer`,
      {
        cause,
      },
    );
  if (/^(?:CERT|ERR_TLS|UNABLE|DEPTH|SELF_SIGNED|INVALID|HOSTNAME)/.test(code) || message.startsWith('the server'))
    return exchangeError('EXCHANGE_UNTRUSTED', `\`${host}\` is not the authorization server: ${message}`, { cause });
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return exchangeError('EXCHANGE_UNREADABLE', `\`${host}\` gave an answer larger than any`, { cause });
  return exchangeError(
    'EXCHANGE_UNREACHABLE',
    `the authorization server at \`${host}\` cannot be reached: ${code || message}`,
    {
      cause,
    },
  );
}
