import type { OutgoingAuth, SentSecrets } from '../outgoing-auth.ts';

export const NOTHING: SentSecrets = Object.freeze({});

/** Requests that nothing authorizes. */
export const nothing: OutgoingAuth = {
  perCaller: false,
  headers: () => Promise.resolve(NOTHING),
  refused: () => Promise.resolve(false),
};
