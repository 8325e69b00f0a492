import { ASYMMETRIC_ALGORITHMS, ID_JAG_TYPE, type TrustedIssuer } from '#contract';
import { EgressClient, egressRules, parseRange } from '#egress';
import { err, isRecord, ok, parseStrictJson, type Clock, type JsonObject, type Result } from '#kernel';
import type { createRemoteJWKSet } from 'jose';
import { guardedFetch } from '../clients/guarded-fetch.ts';
import { DiscoveredMetadata } from '../upstreams/provider-metadata.ts';

const LONGEST = 16_384;
const FRESH_MS = 10 * 60_000;
/** Whoever invents key ids makes us fetch so often and not more. */
const UNKNOWN_KEY_PAUSE_MS = 30_000;
const TIMEOUT_MS = 5000;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

interface Known {
  /** How the issuer was declared. */
  readonly declared: string;
  readonly client: EgressClient;
  readonly metadata: DiscoveredMetadata;
  keys?: { readonly at: string; readonly set: KeySet };
}

/**
 * Verifies what trusted issuers sign, with the keys that they publish: fetched inside the egress rules that the
 * configuration gives each of them, and kept for a while. A key that an assertion brings along is looked at by
 * nobody (RFC 7515 §10.12).
 */
export class TrustedKeys {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(parts: { readonly clock: Clock }) {
    this.#clock = parts.clock;
  }

  /**
   * The claims of an assertion that the issuer signed; the error says why it did not. Throws where its keys
   * cannot be had: then nothing is known about the assertion.
   */
  async verify(assertion: string, issuer: TrustedIssuer): Promise<Result<JsonObject, string>> {
    if (assertion.length > LONGEST) return err('it is too long');
    const { compactVerify, errors } = await import('jose');
    const keys = await this.#keysOf(issuer);
    try {
      const { payload, protectedHeader } = await compactVerify(assertion, keys, {
        algorithms: [...ASYMMETRIC_ALGORITHMS],
      });
      // Another kind of token of the same issuer is for another purpose (RFC 8725 §3.11).
      if (protectedHeader.typ?.toLowerCase().replace(/^application\//, '') !== ID_JAG_TYPE)
        return err(`its \`typ\` is not \`${ID_JAG_TYPE}\``);
      const parsed = parseStrictJson(Buffer.from(payload));
      return parsed.ok && isRecord(parsed.value)
        ? ok(parsed.value)
        : err('its claims are no JSON object that can be read one way only');
    } catch (error) {
      const isAboutKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
      if (!(error instanceof errors.JOSEError) || isAboutKeys || error.code === 'ERR_JOSE_GENERIC') throw error;
      return err(`its signature does not count: ${error.code}`);
    }
  }

  /** Lets go of every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ client }) => client.close()));
    this.#known.clear();
  }

  async #keysOf(issuer: TrustedIssuer): Promise<KeySet> {
    const known = this.#knownOf(issuer);
    const at = issuer.jwksUri ?? (await known.metadata.current()).jwks_uri;
    if (known.keys?.at === at) return known.keys.set;
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const set = createRemoteJWKSet(new URL(at), {
      ...{ cacheMaxAge: FRESH_MS, cooldownDuration: UNKNOWN_KEY_PAUSE_MS, timeoutDuration: TIMEOUT_MS },
      [customFetch]: guardedFetch(known.client),
    });
    known.keys = { at, set };
    return set;
  }

  /** What is kept of an issuer as it is declared now: a reload may have moved it, or its networks. */
  #knownOf({ issuer, jwksUri, allowedIpRanges, allowPrivateNetworks }: TrustedIssuer): Known {
    const declared = JSON.stringify([jwksUri, allowedIpRanges, allowPrivateNetworks]);
    const known = this.#known.get(issuer);
    if (known?.declared === declared) return known;
    void known?.client.close();
    const rules = egressRules({
      allowedIpRanges: allowedIpRanges.flatMap((text) => parseRange(text) ?? []),
      customBlockedIpRanges: [],
      allowPrivateNetworks,
    });
    const client = new EgressClient({ rules });
    const metadata = new DiscoveredMetadata({ issuer, client, rules, clock: this.#clock });
    const made = { declared, client, metadata };
    this.#known.set(issuer, made);
    return made;
  }
}
