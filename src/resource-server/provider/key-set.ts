import type { CompactVerifyGetKey, JSONWebKeySet, JWK } from 'jose';
import { err, isRecord, ok, type Clock, type JsonObject, type Result } from '#kernel';
import { FETCH_MS, objectOf, type ProviderClient } from './provider-client.ts';
import { Refreshed } from './refreshed.ts';

/** The published keys of an issuer, as signatures are checked with them. */
export interface Keys {
  readonly find: CompactVerifyGetKey;
  /** Differs where the keys do. */
  readonly print: string;
}

const MOST_KEYS = 100;
const FRESH_MS = 10 * 60_000;
/** A key that its issuer took back while it could not be asked counts for so long. */
const TRUSTED_MS = 60 * 60_000;
const PAUSE_MS = 5_000;
/** Whoever invents key ids makes us fetch so often and not more. */
export const UNKNOWN_KEY_PAUSE_MS = 30_000;

/** The keys of one issuer (RFC 7517), fetched from where it says they are. */
export function keySet(parts: {
  readonly client: ProviderClient;
  readonly place: () => Promise<Result<URL, string>>;
  readonly clock: Clock;
  /** Told when other keys came: what the old ones vouched for has to be looked at again. */
  readonly rotated: () => void;
}): Refreshed<Keys> {
  return new Refreshed<Keys>({
    clock: parts.clock,
    freshMs: FRESH_MS,
    trustedMs: TRUSTED_MS,
    pauseMs: PAUSE_MS,
    replaced: (next, before) => {
      if (next.print !== before.print) parts.rotated();
    },
    async fetch() {
      const url = await parts.place();
      if (!url.ok) return url;
      const read = objectOf(url.value, await parts.client.get(url.value, FETCH_MS));
      return read.ok ? await keysOf(read.value, url.value) : read;
    },
  });
}

async function keysOf(document: JsonObject, url: URL): Promise<Result<Keys, string>> {
  const { keys } = document;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS || !keys.every((key) => isRecord(key))) {
    return err(`${url.origin}${url.pathname} is no list of up to ${MOST_KEYS} keys`);
  }
  // A shared secret that is published vouches for nothing.
  const asymmetric = keys.filter((key) => key['kty'] !== 'oct') as JWK[];
  const set: JSONWebKeySet = { keys: asymmetric };
  const { createLocalJWKSet } = await import('jose');
  return ok({ find: createLocalJWKSet(set), print: JSON.stringify(asymmetric) });
}
