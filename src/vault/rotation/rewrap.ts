import { randomBytes } from 'node:crypto';
import type { Clock } from '#kernel';
import type { Database } from '#db';
import { wrappingContext } from '../envelope/place.ts';
import { listForeignWrappings, replaceWrapping } from '../store/data-keys-store.ts';
import type { Keyring } from '../wrappers/keyring.ts';
import { DATA_KEY_BYTES } from '../wrappers/key-wrapper.ts';
import { withLease } from './lease.ts';

const PAGE = 100;

/**
 * Wraps every data key again that another wrapping key, or another version of the current one, holds;
 * gives how many. The data keys themselves and what they sealed stay as they are, so readers and
 * writers notice nothing. One row at a time, and only from the very wrapping that was opened to one
 * that has been opened to try it: a kill leaves each key in the old wrapping or the new one.
 *
 * Throws `VAULT_BUSY` while another one is at it, `KEY_WRAPPER_MISSING`, and as the wrappers do.
 */
export function rewrapDataKeys(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly keyring: Keyring;
}): Promise<number> {
  const { database, keyring } = parts;
  return withLease(parts, 'rewrap', async (lease) => {
    const current = await currentWrapping(keyring);
    let rewrapped = 0;
    let last = '';
    for (;;) {
      const page = await listForeignWrappings(database.db, current, last, PAGE);
      for (const key of page) {
        last = key.id;
        if (key.wrapped === undefined) continue;
        const old = key.wrapped;
        const context = wrappingContext(key.id, key.scope);
        const bytes = await keyring.unwrap(old, context);
        try {
          const wrapped = await keyring.wrap(bytes, context);
          await lease.renew(database.db);
          // Fails where the key was destroyed meanwhile: an erasure is not undone.
          if (await replaceWrapping(database.db, key, wrapped)) rewrapped++;
        } finally {
          bytes.fill(0);
        }
      }
      if (page.length < PAGE) return rewrapped;
    }
  });
}

/** What a data key would be wrapped with now, learned by wrapping one that nobody will use. */
async function currentWrapping(keyring: Keyring): Promise<{ readonly wrapper: string; readonly version: string }> {
  const bytes = randomBytes(DATA_KEY_BYTES);
  try {
    return await keyring.wrap(bytes, 'which version is current');
  } finally {
    bytes.fill(0);
  }
}
