import { describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { parseRange, type EgressRules, type IpRange } from '#egress';
import { serve, type TestServer } from '../../../../test/http-server.ts';
import { geminiEmbedder, type GeminiConfig } from '../gemini.ts';

const rules: EgressRules = { allowed: [parseRange('127.0.0.1') as IpRange], blocked: [], allowPrivateNetworks: false };
const config: GeminiConfig = {
  name: 'mine',
  model: 'gemini-embedding-001',
  apiKey: new Secret('topsecret'),
  dimension: 3,
};
const { signal } = new AbortController();

const answering = (body: unknown, status = 200): Promise<TestServer> =>
  serve((_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));

function embedAt(
  api: TestServer,
  more: Partial<GeminiConfig> = {},
  texts: readonly string[] = ['a text'],
): Promise<readonly (readonly number[])[]> {
  return geminiEmbedder({ ...config, ...more }, { baseUrl: api.url, rules }).embed(texts, signal);
}

describe('the Gemini embedder', () => {
  it('asks embedContent with the key in a header and gives the vector', async () => {
    await using api = await answering({ embedding: { values: [0.1, -2, 3e-7] } });
    expect(await embedAt(api)).toEqual([[0.1, -2, 3e-7]]);
    const [received] = api.received;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/v1beta/models/gemini-embedding-001:embedContent',
      headers: { 'x-goog-api-key': 'topsecret', 'content-type': 'application/json' },
    });
    expect(JSON.parse(received?.body ?? '')).toEqual({
      content: { parts: [{ text: 'a text' }] },
      outputDimensionality: 3,
    });
  });

  it('asks for several texts at once and keeps their order', async () => {
    await using api = await answering({ embeddings: [{ values: [1, 2, 3] }, { values: [4, 5, 6] }] });
    expect(await embedAt(api, {}, ['a', 'b'])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const [received] = api.received;
    expect(received?.url).toBe('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    const request = (text: string) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text }] },
      outputDimensionality: 3,
    });
    expect(JSON.parse(received?.body ?? '')).toEqual({ requests: [request('a'), request('b')] });
    await expect(embedAt(api, {}, ['a', 'b', 'c'])).rejects.toMatchObject({ code: 'EMBEDDING_FAILED' });
    expect(await embedAt(api, {}, [])).toEqual([]);
  });

  it('leaves the length to the model when none is configured, and keeps the model name one segment', async () => {
    await using api = await answering({ embedding: { values: [1] } });
    await embedAt(api, { dimension: undefined, model: 'models/../evil' });
    expect(api.received[0]?.url).toBe('/v1beta/models/..%2Fevil:embedContent');
    expect(JSON.parse(api.received[0]?.body ?? '')).toEqual({ content: { parts: [{ text: 'a text' }] } });
  });

  it.each<[string, unknown, number, string]>([
    [
      'a refusal',
      { error: { status: 'RESOURCE_EXHAUSTED', message: 'key topsecret is out of quota' } },
      429,
      'refused with status 429 (RESOURCE_EXHAUSTED)',
    ],
    ['a refusal that says nothing', '<html>', 502, 'refused with status 502'],
    ['an answer without a vector', { embedding: {} }, 200, 'answered with something else than vectors'],
    ['a vector of another length', { embedding: { values: [1, 2] } }, 200, 'answered with 2 numbers instead of 3'],
  ])('tells of %s without the key', async (_, body, status, message) => {
    await using api = await answering(body, status);
    const failure = await embedAt(api).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'EMBEDDING_FAILED', message: `the embedding model \`mine\` ${message}` });
  });

  it('stays on the public internet unless it is told otherwise', async () => {
    await using api = await answering({});
    const embedder = geminiEmbedder(config, { baseUrl: api.url });
    await expect(embedder.embed(['x'], signal)).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
    expect(api.connections()).toBe(0);
  });

  it.each<[Partial<GeminiConfig>, string]>([
    [{ useVertexAI: true }, 'useVertexAI'],
    [{ apiKey: undefined }, 'apiKey'],
  ])('refuses %j when the configuration loads', (more, field) => {
    expect(() => geminiEmbedder({ ...config, ...more })).toThrow(expect.objectContaining({ path: [field] }));
  });
});
