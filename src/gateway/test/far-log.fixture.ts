/** What a server behind says while it works on a call, as the answer to that call holds it. */
import { expect } from 'vitest';
import type { JsonObject } from '#kernel';
import type { Upstream } from '../../../test/mcp-upstream.ts';
import { ALICE, postStateless } from './gateway.fixture.ts';
import { messagesIn } from './wire.fixture.ts';

export const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

/** Holds what the server says back until so many calls have come. */
export function together(far: Upstream, calls: number): void {
  const all = Promise.withResolvers<void>();
  let come = 0;
  far.offer.gate = async () => {
    if (++come === calls) all.resolve();
    await all.promise;
  };
}

/** What one answer holds, messages and all, in order. */
export async function logOf(url: string, label: string, level: string | undefined, key = ALICE): Promise<JsonObject[]> {
  const response = await postStateless(
    `${url}/mcp`,
    'tools/call',
    { name: 'far_log', arguments: { label } },
    { meta: level === undefined ? {} : { [LOG_LEVEL]: level }, headers: { Authorization: `Bearer ${key}` } },
  );
  return messagesIn(await response.text());
}

/** Labels and levels of the messages before the answer; throws where the answer is not the last, or is none. */
export function saidBefore(messages: JsonObject[]): unknown[] {
  expect(messages.at(-1)).toHaveProperty('result.content.0.text', '"logged"');
  return messages.slice(0, -1).map(({ method, params }) => {
    const { level, data } = params as { level: string; data: JsonObject };
    return [method, level, data['label']];
  });
}
