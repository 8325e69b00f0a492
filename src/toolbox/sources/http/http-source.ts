/** An HTTP API as a source: where it is, what every request to it carries, and the one client for it. */
import { ChatelaineError, reveal, Secret } from '#kernel';
import { isLoopbackHost, NOBODY, type CallerFace, type SecretValue, type SourceCredential } from '#contract';
import { CurrentClient, EgressClient, egressRules, type EgressResponse, type EgressTls } from '#egress';
import {
  neededUpstream,
  openOutgoingAuth,
  secretParts,
  sourceWay,
  tokenEndpoints,
  type OutgoingAuth,
  type SentSecrets,
} from '#outgoing-auth';
import { asToolFault } from '../egress-faults.ts';
import { readTls, workloadIdentity } from './tls-material.ts';
import { certificateOf, Echo, privateKeyOf, type SourceSecrets } from '../../secrets/index.ts';
import type { Source, SourceContext } from '../source.ts';
import type { HttpSourceConfig } from './config.ts';
import { badValue } from './request-headers.ts';
import { writtenSecrets } from './written-secrets.ts';

/** A request as a tool made it; the source adds its credential, its time limit and its rules. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** What it carries that must not come back to the caller. */
  readonly secrets?: readonly Secret[];
}

export interface HttpCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** In whose name. */
  readonly caller: CallerFace;
}

/** Headers or query parameters of a configuration, with what they hold now. */
export interface FilledValues {
  readonly values: Readonly<Record<string, Secret>>;
  /** Those of them, and parts of them, that are secrets. */
  readonly secrets: readonly Secret[];
}

export class HttpSource implements Source {
  readonly type = 'http';
  readonly config: HttpSourceConfig;
  readonly baseUrl: URL;
  /** What the operator should know, told with every tool on this source. */
  readonly warnings: readonly string[];
  readonly egress: readonly string[];
  readonly credential: SourceCredential;
  readonly upstream: string | undefined;
  readonly #secrets: SourceSecrets;
  readonly #name: string;
  readonly #workloads: SourceContext['workloads'];
  readonly #directory: string;
  readonly #clients: CurrentClient;
  readonly #auth: OutgoingAuth;
  readonly #tokenClient: EgressClient;

  constructor(config: HttpSourceConfig, context: SourceContext) {
    this.config = config;
    this.baseUrl = new URL(config.baseUrl);
    this.egress = egressOf(config, this.baseUrl);
    this.credential = credentialOf(config, this.baseUrl);
    this.upstream = neededUpstream(config.auth);
    this.warnings = warningsOf(config, this.baseUrl, context.name);
    for (const warning of this.warnings) context.log.warn({ source: context.name }, warning);
    this.#secrets = context.secrets;
    this.#name = context.name;
    this.#workloads = context.workloads;
    this.#directory = context.directory;
    this.#clients = new CurrentClient(
      (identity) =>
        new EgressClient({
          explain: asToolFault,
          rules: egressRules(config),
          identityFor: this.baseUrl,
          tls: async () => ({ ...(await this.#tls()), ...identity }),
        }),
    );
    this.#tokenClient = new EgressClient({
      explain: asToolFault,
      rules: egressRules(config),
      // The same authorities, and not our certificate; the API's name and keys where tokens come from the API itself.
      identityFor: this.baseUrl,
      tls: async () => {
        const { cert: _cert, key: _key, ...trust } = await this.#tls();
        return trust;
      },
    });
    const { secrets, clock, directory } = context;
    this.#auth = openOutgoingAuth(config.auth, { egress: this.#tokenClient, secrets, clock, directory });
  }

  /**
   * Sends a request with the source's credential, or the caller's, and under its rules. What was sent in confidence
   * does not come back: neither in the answer nor in an error.
   * Rejects as `EgressClient.request` and `OutgoingAuth.headers` do, and with `SECRET_UNAVAILABLE`.
   */
  async send(request: HttpRequest, call: HttpCall): Promise<EgressResponse> {
    const { caller } = call;
    const sent = await this.#authorize(request, caller);
    const answer = await this.#attempt(request, sent, call);
    const { status, headers } = answer;
    if (status !== 401 && status !== 403) return answer;
    // Nothing was done, so it may be asked once more: a token may have been revoked before its time.
    const refusal = { status, challenge: headers['www-authenticate'] } as const;
    if (!(await this.#auth.refused(caller, sent.headers, refusal))) return answer;
    return await this.#attempt(request, await this.#authorize(request, caller), call);
  }

  async #attempt(
    request: HttpRequest,
    sent: SentCredential,
    { signal, timeoutMs, maxBytes }: HttpCall,
  ): Promise<EgressResponse> {
    const parts = [sent.headers, sent.query].flatMap((fields) => Object.values(fields)).flatMap(secretParts);
    const echo = new Echo([...(request.secrets ?? []), ...parts]);
    const client = await this.#client();
    try {
      const answer = await client.request({
        ...withCredential(request, sent),
        // A redirect that repeats the query would take a key in it along.
        follow: Object.keys(sent.query).length > 0 ? 'own-origin' : 'any',
        ...{ signal, maxBytes, timeoutMs: Math.min(timeoutMs, this.config.timeout) },
      });
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, echo.withoutText(value)]);
      const body = echo.without(answer.body, answer.truncated);
      return { ...answer, headers: Object.fromEntries(headers) as Record<string, string>, body };
    } catch (error) {
      throw withoutEcho(error, echo);
    }
  }

  /** What headers or query parameters hold now. Rejects with `SECRET_UNAVAILABLE`. */
  async valuesOf(values: Readonly<Record<string, SecretValue>>): Promise<FilledValues> {
    const filled: Record<string, Secret> = {};
    const secrets: Secret[] = [];
    for (const [name, value] of Object.entries(values)) {
      const text = await this.#secrets.text(value);
      filled[name] = text;
      if (value instanceof Secret) {
        secrets.push(...writtenSecrets(name, text));
        continue;
      }
      const why = badValue(reveal(text));
      if (why !== undefined) throw this.#secrets.unfit(value, why);
      secrets.push(text);
    }
    return { values: filled, secrets };
  }

  /**
   * Connects, TLS included, with the source's credential at hand. No request is made: there is none that
   * every API takes as harmless. What is each caller's own nobody has here.
   */
  async check(signal: AbortSignal): Promise<void> {
    await this.valuesOf({ ...this.config.headers, ...this.config.queryParams });
    if (!this.#auth.perCaller)
      await this.#authorize({ method: 'GET', url: this.baseUrl, headers: {}, body: undefined }, NOBODY);
    await (await this.#client()).connect(this.baseUrl, signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#clients.close(), this.#tokenClient.close()]);
  }

  async #authorize(request: HttpRequest, caller: CallerFace): Promise<SentCredential> {
    const query = (await this.#auth.query?.()) ?? {};
    try {
      return { query, headers: await this.#auth.headers(caller, withCredential(request, { headers: {}, query })) };
    } catch (error) {
      throw error instanceof ChatelaineError ? asToolFault(error) : error;
    }
  }

  /** The client for now: another one when our certificate is another. */
  async #client(): Promise<EgressClient> {
    const { tls } = this.config;
    const own = await this.#auth.identity?.();
    const ofTls = await this.#secrets.stamp([tls?.clientCert, tls?.clientKey])?.();
    const workload = await workloadIdentity(tls, this.#name, this.#workloads);
    return this.#clients.for(`${own?.stamp ?? ''} ${ofTls ?? ''} ${workload?.stamp ?? ''}`, {
      ...workload?.tls,
      ...(own !== undefined && { cert: own.cert, key: reveal(own.key) }),
    });
  }

  async #tls(): Promise<EgressTls> {
    const { tls, disableSslVerification } = this.config;
    if (tls === undefined) return disableSslVerification ? { rejectUnauthorized: false } : {};
    const [clientCert, clientKey] = await Promise.all([
      tls.clientCert && this.#secrets.text(tls.clientCert, certificateOf),
      tls.clientKey && this.#secrets.text(tls.clientKey, privateKeyOf),
    ]);
    const material = await readTls({ ...tls, clientCert, clientKey }, this.#directory);
    return { ...material, ...(disableSslVerification && { rejectUnauthorized: false }) };
  }
}

/** What authorizes one request. */
interface SentCredential {
  readonly headers: SentSecrets;
  readonly query: SentSecrets;
}

/** The credential last: nothing that a tool or a caller wrote takes its place. */
function withCredential(request: HttpRequest, { headers, query }: SentCredential): HttpRequest {
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, reveal(value));
  const added = Object.entries(headers).map(([name, value]) => [name, reveal(value)]);
  return { ...request, url, headers: { ...request.headers, ...(Object.fromEntries(added) as Record<string, string>) } };
}

/** An error and its causes without what was sent: redirects and bad answers find their way into messages. */
function withoutEcho(error: unknown, echo: Echo): unknown {
  for (let at = error; at instanceof Error; at = at.cause) {
    for (const field of ['message', 'stack'] as const) {
      const text = at[field] ?? '';
      const value = echo.withoutText(text);
      // Defined, not assigned: some of the platform's errors have these as getters.
      if (value !== text) Object.defineProperty(at, field, { value, configurable: true, writable: true });
    }
  }
  return error;
}

/** The API and, where tokens are fetched, who gives them: the secret goes to both. */
const egressOf = ({ auth }: HttpSourceConfig, baseUrl: URL): readonly string[] => [
  ...new Set([baseUrl.origin, ...tokenEndpoints(auth).map(({ url }) => new URL(url).origin)]),
];

function credentialOf({ auth, headers, queryParams }: HttpSourceConfig, baseUrl: URL): SourceCredential {
  const inTheClear = baseUrl.protocol === 'http:' && !isLoopbackHost(baseUrl.hostname);
  const way = sourceWay(auth);
  if (way !== 'none') return { way, inTheClear };
  if (Object.keys(queryParams).length > 0) return { way: 'query', inTheClear };
  return Object.keys(headers).length > 0 ? { way: 'header', inTheClear } : { way: 'none', inTheClear: false };
}

function warningsOf(config: HttpSourceConfig, baseUrl: URL, name: string): readonly string[] {
  const warnings: string[] = [];
  if (config.disableSslVerification) {
    warnings.push(
      `source \`${name}\` accepts any certificate (\`disableSslVerification\`): whoever is on the way can read and change everything, keys included; use \`tls.ca\``,
    );
  }
  const carriesKeys =
    sourceWay(config.auth) !== 'none' || Object.keys({ ...config.headers, ...config.queryParams }).length > 0;
  if (baseUrl.protocol === 'http:' && carriesKeys && !/^(127\.|\[::1\]$|localhost$)/.test(baseUrl.hostname)) {
    const what = config.auth === undefined ? '`headers` and `queryParams`' : 'credentials';
    warnings.push(`source \`${name}\` sends its ${what} over plain http, readable on the way`);
  }
  return warnings;
}
