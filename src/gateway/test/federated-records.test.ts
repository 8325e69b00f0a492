/** That an MCP server behind was asked, and which one: on record whatever is asked of it, and in the metrics. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '#kernel';
import { lateMetrics } from '../index.ts';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import { postStateless } from './gateway.fixture.ts';

afterEach(closeAll);

const OWN = `kind: prompt
name: greeting
description: Ours.
messages: [{role: user, content: Hello}]
`;

it('names the server of a tool, a prompt, a resource and what completes them, at either door, and none for what is ours', async () => {
  const server = await upstream('stateless');
  const { url, trail } = await federate([serverDocument('far', server.url), OWN]);
  const asked: [path: string, method: string, params: JsonObject, server: string | undefined][] = [
    ['/mcp', 'tools/call', { name: 'far_echo', arguments: { text: 'hi' } }, 'far'],
    ['/mcp', 'prompts/get', { name: 'far_trip', arguments: { city: 'Bern' } }, 'far'],
    ['/mcp', 'prompts/get', { name: 'greeting' }, undefined],
    ['/mcp', 'resources/read', { uri: 'test://readme' }, 'far'],
    ['/mcp', 'resources/read', { uri: 'test://item/7' }, 'far'],
    ['/mcp/s/default/far', 'prompts/get', { name: 'trip', arguments: { city: 'Bern' } }, 'far'],
    ['/mcp/s/default/far', 'resources/read', { uri: 'unlisted://thing' }, 'far'],
    [
      '/mcp',
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'far_trip' }, argument: { name: 'city', value: 'B' } },
      'far',
    ],
    ['/mcp', 'prompts/get', { name: 'far_nothing' }, undefined],
  ];
  for (const [path, method, params, expected] of asked) {
    const before = trail.events.length;
    await (await postStateless(`${url}${path}`, method, params)).text();
    const outcome = trail.events.slice(before).at(-1);
    expect([method, params, outcome?.details?.['server']]).toEqual([method, params, expected]);
  }
});

it('counts calls of tools by their server, by no name that a caller made up', async () => {
  const server = await upstream('stateless');
  const { url, reports } = await federate([serverDocument('far', server.url)]);
  await postStateless(`${url}/mcp`, 'tools/call', { name: 'far_echo', arguments: { text: 'hi' } });
  await postStateless(`${url}/mcp`, 'tools/call', { name: 'made_up', arguments: {} });
  const metrics = lateMetrics(() => undefined);
  for (const report of reports) metrics.observer.called(report);
  const listener = createServer(metrics.handler);
  onTestFinished(() => void listener.close());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const scraped = await fetch(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/metrics`);
  const text = await scraped.text();
  expect(text).toContain('chatelaine_tool_calls_total{tool="far_echo",server="far",door="mcp",outcome="ok"} 1');
  expect(text).toContain('chatelaine_tool_call_seconds_count{tool="far_echo",server="far"} 1');
  expect(text).toContain('chatelaine_tool_calls_total{tool="(unknown)",door="mcp",outcome="TOOL_UNKNOWN"} 1');
  expect(text).not.toContain('made_up');
});
