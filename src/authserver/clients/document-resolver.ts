import type { EgressClient, EgressResponse } from '#egress';
import { BoundedCache, ChatelaineError, type Clock, err, ok, type Logger, type Result } from '#kernel';
import type { OAuthClient } from './client.ts';
import { freshFor, type FreshnessLimits } from './freshness.ts';
import { LARGEST_DOCUMENT, readMetadataDocument, type DocumentSettings } from './metadata-document.ts';
import { parseMetadataUrl } from './metadata-url.ts';

export interface ResolverLimits extends FreshnessLimits {
  /** How long a fault is remembered. */
  readonly faultMs: number;
  readonly timeoutMs: number;
  readonly kept: number;
  /** Fetches at once, in all and from one host. */
  readonly atOnce: number;
  readonly atOnceFromHost: number;
}

export const RESOLVER_LIMITS: ResolverLimits = {
  floorMs: 60_000,
  ceilingMs: 24 * 3_600_000,
  usualMs: 5 * 60_000,
  faultMs: 30_000,
  timeoutMs: 5000,
  kept: 1000,
  atOnce: 32,
  atOnceFromHost: 4,
};

export interface ResolverParts {
  /** The way out. Its rules say which addresses documents may come from. */
  readonly egress: Pick<EgressClient, 'request'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: DocumentSettings;
  readonly limits?: ResolverLimits;
}

/** Why there is no client: told to whoever asks, and the same for every address that could not be read. */
export type DocumentRefusal = string;

interface Kept {
  readonly client: OAuthClient;
  readonly etag: string | undefined;
  /** When its host last said that it holds. */
  readonly confirmedAt: number;
  readonly freshUntil: number;
}

type Outcome = Result<OAuthClient, DocumentRefusal>;

/** One text for all that can go wrong on the way: it must not tell open ports from closed ones. */
const UNREADABLE = 'the metadata document cannot be fetched';

/**
 * Clients whose `client_id` is the URL of a document that describes them (draft-ietf-oauth-client-id-metadata-
 * document-02), for as long as HTTP caching says.
 *
 * Whoever can open the authorization endpoint can have this server fetch a URL. So it goes through the egress
 * rules, follows no redirect, reads 10 KiB and waits five seconds; asks once for all who ask at once, and few
 * documents at a time; and remembers faults for a while, apart from documents, so that a flood of wrong URLs
 * pushes out wrong URLs and nothing else.
 */
export class DocumentResolver {
  readonly #egress: Pick<EgressClient, 'request'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #settings: DocumentSettings;
  readonly #limits: ResolverLimits;
  readonly #kept: BoundedCache<string, Kept>;
  readonly #faults: BoundedCache<string, { readonly refusal: DocumentRefusal; readonly until: number }>;
  readonly #fetching = new Map<string, Promise<Outcome>>();
  readonly #fromHost = new Map<string, number>();

  constructor(parts: ResolverParts) {
    this.#egress = parts.egress;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#settings = parts.settings;
    this.#limits = parts.limits ?? RESOLVER_LIMITS;
    this.#kept = new BoundedCache(this.#limits.kept);
    this.#faults = new BoundedCache(this.#limits.kept);
  }

  /** The client that the document at that URL describes now, or why there is none. Does not throw. */
  async resolve(clientId: string): Promise<Outcome> {
    const url = parseMetadataUrl(clientId);
    if (!url.ok) return err(`\`client_id\`: ${url.error}`);
    const now = this.#clock.now();
    const kept = this.#kept.get(clientId);
    // A clock that was set back makes nothing fresh that was not.
    if (kept !== undefined && now < kept.freshUntil && now >= kept.confirmedAt) return ok(kept.client);
    const fault = this.#faults.get(clientId);
    if (fault !== undefined && now < fault.until) return this.#fallback(kept, now) ?? err(fault.refusal);
    const running = this.#fetching.get(clientId);
    if (running !== undefined) return await running;
    if (!this.#mayFetch(url.value)) return this.#fallback(kept, now) ?? err(UNREADABLE);
    const fetching = this.#fetch(clientId, url.value, kept).finally(() => this.#done(clientId, url.value));
    this.#fetching.set(clientId, fetching);
    this.#fromHost.set(url.value.host, (this.#fromHost.get(url.value.host) ?? 0) + 1);
    return await fetching;
  }

  async #fetch(clientId: string, url: URL, kept: Kept | undefined): Promise<Outcome> {
    const { timeoutMs } = this.#limits;
    let response: EgressResponse;
    try {
      response = await this.#egress.request({
        method: 'GET',
        url,
        headers: { accept: 'application/json', ...(kept?.etag !== undefined && { 'if-none-match': kept.etag }) },
        body: undefined,
        follow: 'never',
        signal: AbortSignal.timeout(timeoutMs),
        timeoutMs,
        maxBytes: LARGEST_DOCUMENT,
      });
    } catch (error) {
      return this.#unreadable(clientId, kept, error instanceof ChatelaineError ? error.code : 'TIMEOUT');
    }
    const now = this.#clock.now();
    const { status, headers } = response;
    if (status === 304 && kept?.etag !== undefined)
      return this.#keep(clientId, kept.client, headers['etag'] ?? kept.etag, headers);
    if (status >= 500 || status === 429) return this.#unreadable(clientId, kept, `HTTP ${status}`);
    // It is there and says something else, or nothing any more: what it said before does not count.
    this.#kept.delete(clientId);
    if (status !== 200) return this.#refuse(clientId, UNREADABLE, `HTTP ${status}`, now);
    if (response.truncated)
      return this.#refuse(clientId, `the metadata document has more than ${LARGEST_DOCUMENT} bytes`, 'too large', now);
    const read = readMetadataDocument(clientId, headers['content-type'], response.body, this.#settings);
    if (!read.ok) return this.#refuse(clientId, read.error, 'document', now);
    return this.#keep(clientId, read.value, headers['etag'], headers);
  }

  #keep(
    clientId: string,
    client: OAuthClient,
    etag: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Outcome {
    const now = this.#clock.now();
    const freshUntil = now + freshFor(headers, now, this.#limits);
    this.#faults.delete(clientId);
    this.#kept.set(clientId, { client, etag: etag?.slice(0, 1024), confirmedAt: now, freshUntil });
    return ok(client);
  }

  /** A host that is down for a moment shuts nobody out who was in, up to the ceiling (RFC 9111 §4.2.4). */
  #unreadable(clientId: string, kept: Kept | undefined, why: string): Outcome {
    const now = this.#clock.now();
    const refused = this.#refuse(clientId, UNREADABLE, why, now);
    return this.#fallback(kept, now) ?? refused;
  }

  #fallback(kept: Kept | undefined, now: number): Outcome | undefined {
    if (kept === undefined || now < kept.confirmedAt) return undefined;
    return now - kept.confirmedAt < this.#limits.ceilingMs ? ok(kept.client) : undefined;
  }

  #refuse(clientId: string, refusal: DocumentRefusal, why: string, now: number): Outcome {
    this.#faults.set(clientId, { refusal, until: now + this.#limits.faultMs });
    this.#log.info(
      { event: 'client-document.refused', clientId, why, refusal },
      'a client metadata document is refused',
    );
    return err(refusal);
  }

  #mayFetch({ host }: URL): boolean {
    const { atOnce, atOnceFromHost } = this.#limits;
    return this.#fetching.size < atOnce && (this.#fromHost.get(host) ?? 0) < atOnceFromHost;
  }

  #done(clientId: string, { host }: URL): void {
    this.#fetching.delete(clientId);
    const left = (this.#fromHost.get(host) ?? 1) - 1;
    if (left > 0) this.#fromHost.set(host, left);
    else this.#fromHost.delete(host);
  }
}
