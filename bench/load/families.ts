/**
 * Refreshing as many clients do at once: each connection takes the family that has waited longest, uses its
 * refresh token up and gives it back with the next one. The answers are different each time, so this runs in the
 * process that measures and not in the generator, which knows its answers beforehand.
 */
import { TokenEndpoint, tokensOf, type Tokens } from '../../test/scripted-client.ts';

/** The newest tokens of each sign-in. */
export class Families {
  readonly #waiting: Tokens[];

  constructor(tokens: readonly Tokens[]) {
    this.#waiting = [...tokens];
  }

  /** Undefined when all are in use. */
  take(): Tokens | undefined {
    return this.#waiting.shift();
  }

  giveBack(tokens: Tokens): void {
    this.#waiting.push(tokens);
  }

  /** An access token of the family that was refreshed last. */
  newestAccess(): string | undefined {
    return this.#waiting.at(-1)?.accessToken;
  }
}

export interface RefreshRun {
  readonly refreshes: number;
  readonly elapsedMs: number;
  /** Milliseconds from asking to the last byte of the answer. */
  readonly p50: number;
  readonly p99: number;
  /** What came instead of tokens, and how often. */
  readonly errors: ReadonlyMap<string, number>;
}

/** Refreshes over so many connections until `until` is aborted. What does not succeed ends its family. */
export async function refreshAll(
  url: URL,
  families: Families,
  connections: number,
  until: AbortSignal,
): Promise<RefreshRun> {
  const endpoint = new TokenEndpoint(url, connections);
  const latencies: number[] = [];
  const errors = new Map<string, number>();
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (!until.aborted) {
      const family = families.take();
      if (family === undefined) throw new Error('there are fewer families than connections');
      const sent = performance.now();
      try {
        families.giveBack(tokensOf(await endpoint.refresh(family.refreshToken)));
        latencies.push(performance.now() - sent);
      } catch (error) {
        const { message } = error as Error;
        errors.set(message, (errors.get(message) ?? 0) + 1);
        if (errors.size > 20) return;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, worker));
  } finally {
    endpoint.close();
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const elapsedMs = performance.now() - began;
  return { refreshes: latencies.length, elapsedMs, p50: at(0.5), p99: at(0.99), errors };
}
