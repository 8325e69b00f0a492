import { egressRulesOf, type EgressClient, type EgressRules } from '#egress';
import { ChatelaineError, type Clock } from '#kernel';
import { readChallenge, type BearerChallenge, type ProtectedServer } from '#contract';
import { freshFor } from '../../clients/freshness.ts';
import { upstreamError } from '../errors.ts';
import { LastGood, type Read } from '../last-good.ts';
import { TIMEOUT_MS } from '../upstream-fetch.ts';
import { checkUrl, refused, type Reading } from './read-document.ts';
import { readResourceMetadata } from './resource-metadata.ts';
import { assumedMetadata, readServerMetadata, wellKnown, type ServerMetadata } from './server-metadata.ts';

/** Where tokens for a server come from, and what they are asked for with. */
export interface Discovered {
  /** `resource` as published; undefined for a server of before RFC 9728, which would not know it. */
  readonly resource: string | undefined;
  readonly challenged: readonly string[] | undefined;
  readonly supported: readonly string[] | undefined;
  readonly authorizationServer: ServerMetadata;
}

/** RFC 9111 within bounds: a server may change its authorization server, and is not asked for every token either. */
const FRESHNESS = { floorMs: 5_000, usualMs: 5_000, ceilingMs: 60 * 60_000 };
/** How long what was good is used while nobody answers. */
const STALE_MS = 24 * 60 * 60_000;
const LARGEST_REFUSAL = 64 * 1024;

/** A request that opens nothing and changes nothing, for the server to refuse. */
const PROBE = JSON.stringify({ jsonrpc: '2.0', id: 'probe', method: 'ping' });
const PROBE_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'user-agent': 'chatelaine',
};

/**
 * The authorization server of one MCP server, asked for when it is first needed and once for all who wait (RFC 9728,
 * RFC 8414, MCP authorization). While nobody answers, what was good goes on; a document that is wrong is never that.
 */
export class ServerDiscovery {
  readonly #server: ProtectedServer;
  readonly #url: URL;
  readonly #rules: EgressRules;
  readonly #client: Pick<EgressClient, 'request'>;
  readonly #clock: Clock;
  readonly #kept: LastGood<Discovered>;

  constructor(parts: {
    readonly server: ProtectedServer;
    readonly client: Pick<EgressClient, 'request'>;
    readonly clock: Clock;
  }) {
    this.#server = parts.server;
    this.#url = new URL(parts.server.url);
    this.#rules = egressRulesOf(parts.server.reach);
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#kept = new LastGood({ ask: () => this.#ask(), outlives, clock: parts.clock });
  }

  /** Throws `UPSTREAM_METADATA_REFUSED`, `UPSTREAM_UNAVAILABLE`, and as `EgressClient.request` does. */
  current(): Promise<Discovered> {
    return this.#kept.current();
  }

  async #ask(): Promise<Read<Discovered>> {
    const { auth } = this.#server;
    checkUrl(this.#server.url, `the URL of the MCP server \`${this.#server.name}\``, this.#reading);
    const challenge = await this.#challenge();
    const resource = await readResourceMetadata(challenge?.resourceMetadata, this.#reading);
    const read = await readServerMetadata(resource?.authorizationServer ?? this.#url.origin, auth.grant, this.#reading);
    if (read === undefined && resource !== undefined) {
      const [first] = wellKnown(new URL(resource.authorizationServer));
      throw refused('the authorization server metadata', first as URL, 'it is there no more than at the other places');
    }
    const authorizationServer = read?.metadata ?? assumedMetadata(this.#url);
    // The credentials of a client are for the one that it is registered at (MCP authorization; RFC 9700 §4.4).
    if (auth.issuer !== undefined && auth.issuer !== authorizationServer.issuer)
      throw upstreamError(
        'UPSTREAM_METADATA_REFUSED',
        `the MCP server \`${this.#server.name}\` names another authorization server than \`${auth.issuer}\`, where its client is registered`,
      );
    const value: Discovered = {
      resource: resource?.resource,
      challenged: challenge?.scopes,
      supported: resource?.scopes,
      authorizationServer,
    };
    const now = this.#clock.now();
    const freshMs = [resource, read].map((one) => freshFor(one?.headers ?? {}, now, FRESHNESS));
    return { value, freshMs: Math.min(...freshMs) };
  }

  /** What the server says to whoever comes without a token. */
  async #challenge(): Promise<BearerChallenge | undefined> {
    const { status, headers } = await this.#client.request({
      ...{ method: 'POST', url: this.#url, headers: PROBE_HEADERS, body: PROBE, follow: 'never' },
      ...{ signal: new AbortController().signal, timeoutMs: TIMEOUT_MS, maxBytes: LARGEST_REFUSAL },
    });
    return status === 401 ? readChallenge(headers['www-authenticate']) : undefined;
  }

  get #reading(): Reading {
    return { client: this.#client, rules: this.#rules, server: this.#url };
  }
}

const outlives = (error: unknown, ageMs: number): boolean =>
  ageMs < STALE_MS && error instanceof ChatelaineError && /^UPSTREAM_UNAVAILABLE$|^EGRESS_(?!REFUSED)/.test(error.code);
