/**
 * Tries keys at a door, one after the other. Of one address a thousand that do not count are judged and then ten a
 * second (`src/gateway/pipeline/failed-credentials.ts`); beyond that the door says 429, which says nothing of the key.
 * So the keys come from many addresses of this machine, and one that meets 429 all the same comes again when it is
 * told to.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Fewer than are free. */
const PER_ADDRESS = 500;
const PATIENCE_MS = 120_000;

export interface TriedKey {
  readonly id: string;
  readonly key: string;
}

/** What the door says to each, by id; never 429. Rejects where one is not judged however long it waits. */
export async function tryKeys(
  door: URL,
  keys: readonly TriedKey[],
  { perAddress = PER_ADDRESS, patienceMs = PATIENCE_MS } = {},
): Promise<ReadonlyMap<string, number>> {
  const agent = new Agent({ keepAlive: true });
  const statuses = new Map<string, number>();
  try {
    for (const [at, { id, key }] of keys.entries()) {
      const localAddress = addressOf(Math.floor(at / perAddress));
      statuses.set(id, await judged(() => visit(door, key, { agent, localAddress }), patienceMs));
    }
  } finally {
    agent.destroy();
  }
  return statuses;
}

/** All of 127.0.0.0/8 is this machine (RFC 1122 §3.2.1.3). */
const addressOf = (at: number): string => `127.1.${at >> 8}.${at & 255}`;

interface Said {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

async function judged(ask: () => Promise<Said>, patienceMs: number): Promise<number> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const { status, retryAfter } = await ask();
    if (status !== 429) return status;
    const seconds = Number(retryAfter);
    if (!(seconds > 0)) throw new Error(`a key met 429 with \`Retry-After: ${retryAfter}\`, which is no time to wait`);
    if (performance.now() + seconds * 1000 > until)
      throw new Error(`a key was not judged: 429 after ${patienceMs / 1000} s of waiting as it was told to`);
    await pause(seconds * 1000);
  }
}

function visit(door: URL, key: string, from: { readonly agent: Agent; readonly localAddress: string }): Promise<Said> {
  return new Promise((resolve, reject) => {
    const sent = request(door, { ...from, headers: { authorization: `Bearer ${key}` } }, (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
      );
    });
    sent.once('error', reject);
    sent.end();
  });
}
