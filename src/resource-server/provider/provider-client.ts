import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EgressClient, parseRange, type IpRange } from '#egress';
import { err, isRecord, ok, parseStrictJson, type JsonObject, type Result } from '#kernel';
import { isLoopbackHost } from '#contract';

/** A status, and the body where it is a JSON object. */
export interface ProviderAnswer {
  readonly status: number;
  readonly json: JsonObject | undefined;
}

export interface ProviderNetwork {
  /** Of the issuer: one on this machine may be asked on this machine, and no other. */
  readonly issuer: URL;
  readonly allowPrivateNetworks?: boolean;
  readonly allowedIpRanges?: readonly string[];
  /** Authorities that vouch for it in the place of the system's: a PEM file, or PEM text; and the name it is to show. */
  readonly tls?: { readonly ca?: string | undefined; readonly serverName?: string | undefined } | undefined;
  /** Where relative paths start. */
  readonly directory?: string;
}

const MAX_BYTES = 1_048_576;
/** For what is fetched ahead of a caller, or for many of them: those who wait are told within ten seconds. */
export const FETCH_MS = 8_000;
const LOOPBACK = ['127.0.0.0/8', '::1'];

/**
 * Asks one identity provider, inside the egress rules: no redirects (a token or the secret of a client
 * would follow them), 1 MB at the most, and never an address that the configuration did not mean.
 */
export class ProviderClient {
  readonly #client: EgressClient;
  readonly #stopped = new AbortController();

  constructor({ issuer, allowPrivateNetworks = false, allowedIpRanges = [], tls, directory = '' }: ProviderNetwork) {
    const allowed = [...allowedIpRanges, ...(isLoopbackHost(issuer.hostname) ? LOOPBACK : [])];
    const ranges = allowed.map(parseRange).filter((range): range is IpRange => range !== undefined);
    this.#client = new EgressClient({
      rules: { allowed: ranges, blocked: [], allowPrivateNetworks },
      ...(tls !== undefined && {
        // Read for each connection: a file that is replaced holds from the next one on.
        tls: async () => ({
          ...(tls.ca !== undefined && { ca: await authorities(tls.ca, directory) }),
          ...(tls.serverName !== undefined && { servername: tls.serverName }),
        }),
      }),
    });
  }

  /** The error says why there is no answer. Never rejects. */
  get(url: URL, timeoutMs: number, headers: Readonly<Record<string, string>> = {}) {
    return this.#ask({ method: 'GET', url, headers, body: undefined }, timeoutMs);
  }

  /** The same with a form. */
  post(url: URL, form: URLSearchParams, timeoutMs: number, headers: Readonly<Record<string, string>> = {}) {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#ask({ method: 'POST', url, headers: { ...type, ...headers }, body: form.toString() }, timeoutMs);
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('the server is ending'));
    await this.#client.close();
  }

  async #ask(
    hop: { method: string; url: URL; headers: Readonly<Record<string, string>>; body: string | undefined },
    timeoutMs: number,
  ): Promise<Result<ProviderAnswer, string>> {
    try {
      const { status, body, truncated } = await this.#client.request({
        ...hop,
        headers: { accept: 'application/json', ...hop.headers },
        follow: 'never',
        signal: this.#stopped.signal,
        timeoutMs,
        maxBytes: MAX_BYTES,
      });
      if (truncated) return err(`${hop.url.origin}${hop.url.pathname} answered with more than ${MAX_BYTES} bytes`);
      const parsed = parseStrictJson(body);
      return ok({ status, json: parsed.ok && isRecord(parsed.value) ? parsed.value : undefined });
    } catch (error) {
      // The client's words name the place and not the query, which may hold a token.
      return err((error as Error).message);
    }
  }
}

async function authorities(written: string, directory: string): Promise<string> {
  if (written.includes('-----BEGIN')) return written;
  try {
    return await readFile(resolve(directory, written), 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`the file \`${written}\` of \`tls.ca\` cannot be read (${code})`, { cause });
  }
}

/** The answer where it is 200 and a JSON object. */
export function objectOf(url: URL, answer: Result<ProviderAnswer, string>): Result<JsonObject, string> {
  if (!answer.ok) return answer;
  const { status, json } = answer.value;
  if (status === 200 && json !== undefined) return ok(json);
  const what = status === 200 ? 'something that is no JSON object' : `status ${status}`;
  return err(`${url.origin}${url.pathname} answered with ${what}`);
}
