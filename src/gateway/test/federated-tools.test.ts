import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import { post, postStateless } from './gateway.fixture.ts';
import { schema } from '../../../test/mcp-upstream.ts';

afterEach(closeAll);

const resultOf = async (response: Response): Promise<JsonObject> =>
  ((await response.json()) as { result: JsonObject }).result;

describe.each(['stateless', 'session'] as const)('a server of the %s era behind the gateway', (era) => {
  it('has its tools called under their prefix, and at its own door under their own names', async () => {
    const server = await upstream(era);
    const { url } = await federate([serverDocument('far', server.url)]);
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'far_echo', arguments: { text: 'hi' } },
    };
    const called = await resultOf(await post(`${url}/mcp`, body));
    expect(called).toMatchObject({ content: [{ type: 'text', text: '{"text":"hi"}' }] });
    const own = await resultOf(
      await post(`${url}/mcp/s/default/far`, { ...body, params: { name: 'echo', arguments: { text: 'hi' } } }),
    );
    expect(own).toMatchObject({ content: [{ type: 'text', text: '{"text":"hi"}' }] });
  });

  it('is listed with its schemas as they are, and what nobody knows of a definition stays', async () => {
    const server = await upstream(era);
    const { url } = await federate([serverDocument('far', server.url)]);
    const listed = async (path: string): Promise<JsonObject> => {
      const { tools } = await resultOf(await postStateless(`${url}${path}`, 'tools/list'));
      return (tools as JsonObject[]).find(({ name }) => (name as string).endsWith('echo')) as JsonObject;
    };
    expect(await listed('/mcp/s/default/far')).toMatchObject({
      name: 'echo',
      inputSchema: schema,
      icons: [{ src: 'https://example.com/icon.png' }],
      'x-odd': { kept: [1, null] },
    });
    const here = await listed('/mcp');
    expect(here).toMatchObject({ name: 'far_echo', title: 'Echo', inputSchema: schema });
    expect(here['_meta']).toEqual({ 'com.example/kept': true });
  });
});
