/** Calls of handlers with a client of the test's choosing. */
import { NOBODY, type ClientFace } from '#contract';
import { silentLogger } from '#kernel';
import type { RunContext } from '../../../tools/tool-type.ts';

export function fakeClient(more: Partial<ClientFace> = {}): ClientFace {
  return {
    progress: () => {},
    log: () => {},
    capabilities: {},
    request: () => Promise.reject(new Error('the test gave no answers')),
    state: undefined,
    ...more,
  };
}

export const callWith = (client: Partial<ClientFace> = {}, more: Partial<RunContext> = {}): RunContext => ({
  signal: new AbortController().signal,
  timeoutMs: 30_000,
  maxRows: 1000,
  maxBytes: 1_000_000,
  readOnly: false,
  log: silentLogger,
  caller: NOBODY,
  client: fakeClient(client),
  ...more,
});
