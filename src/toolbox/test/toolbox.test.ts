import { expect, test } from 'vitest';
import type { ToolboxSnapshot } from '../snapshot.ts';
import { openToolbox, type Toolbox } from '../toolbox.ts';
import { buildOptions, configurationOf, Gate, testCall, testCatalog } from './toolbox.fixture.ts';

const sourceYaml = (name: string, password: string): string => `
---
kind: source
name: ${name}
type: memory
password: ${password}
`;

const toolYaml = (name: string, source: string): string => `
---
kind: tool
name: ${name}
type: gate
source: ${source}
description: waits
`;

async function opened(yaml: string) {
  const gate = new Gate();
  const { catalog, opened: sources } = testCatalog([gate.tool]);
  const toolbox = await openToolbox(configurationOf(yaml, catalog), buildOptions(catalog));
  if (!toolbox.ok) throw new Error(JSON.stringify(toolbox.error));
  const replace = (next: string) => toolbox.value.replace(configurationOf(next, catalog));
  return { toolbox: toolbox.value, gate, sources, replace };
}

const toolIn = (snapshot: ToolboxSnapshot, name: string) => {
  const found = snapshot.namespaces.get('default')?.tools.get(name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
};
const call = (toolbox: Toolbox, name: string) => toolIn(toolbox.current(), name).run({}, testCall());

test('a source whose configuration is the same goes on; a changed or removed one is closed', async () => {
  const { toolbox, sources, replace } = await opened(
    sourceYaml('kept', 'a') + sourceYaml('changed', 'a') + sourceYaml('removed', 'a'),
  );
  expect(await replace(sourceYaml('kept', 'a') + sourceYaml('changed', 'b') + toolYaml('t', 'kept'))).toMatchObject({
    ok: true,
  });
  // In the order of opening: kept, changed, removed, changed again.
  expect(sources.map((source) => source.closed)).toEqual([0, 1, 1, 0]);
  await toolbox.close();
  expect(sources.map((source) => source.closed)).toEqual([1, 1, 1, 1]);
});

test('a call in flight ends on its source, which is closed after it', async () => {
  const { toolbox, gate, sources, replace } = await opened(sourceYaml('s', 'a') + toolYaml('t', 's'));
  const before = toolbox.current();
  const running = call(toolbox, 't');
  await replace(sourceYaml('other', 'a') + toolYaml('u', 'other'));
  expect(sources[0]?.closed).toBe(0);
  gate.calls[0]?.();
  await expect(running).resolves.toEqual({ kind: 'value', value: 'done' });
  expect(sources[0]?.closed).toBe(1);
  await expect(toolIn(before, 't').run({}, testCall())).rejects.toMatchObject({ code: 'TOOL_RELOADED' });
});

test('a replacement with problems changes nothing and leaves nothing open', async () => {
  const { toolbox, sources, replace } = await opened(sourceYaml('s', 'a') + toolYaml('t', 's'));
  const before = toolbox.current();
  const outcome = await replace(
    sourceYaml('s', 'b') + toolYaml('t', 's').replace('description: waits', 'description: waits\nreadOnly: true'),
  );
  expect(outcome).toMatchObject({
    ok: false,
    error: [{ line: 14, message: expect.stringMatching(/^nothing enforces `readOnly`/) as string }],
  });
  expect(toolbox.current()).toBe(before);
  expect(sources.map((source) => source.closed)).toEqual([0, 1]);
});

test('listeners hear of every swap, in order, until they stop', async () => {
  const { toolbox, replace } = await opened(sourceYaml('s', 'a') + toolYaml('a', 's'));
  const heard: string[][] = [];
  const stop = toolbox.onChange((snapshot) =>
    heard.push([...(snapshot.namespaces.get('default')?.tools.keys() ?? [])]),
  );
  await Promise.all(['b', 'c'].map((name) => replace(sourceYaml('s', 'a') + toolYaml(name, 's'))));
  stop();
  await replace(sourceYaml('s', 'a'));
  expect(heard).toEqual([['b'], ['c']]);
});

test('closing waits for the calls in flight', async () => {
  const { toolbox, gate } = await opened(sourceYaml('s', 'a') + toolYaml('t', 's'));
  const running = call(toolbox, 't');
  let closed = false;
  const closing = toolbox.close().then(() => (closed = true));
  await new Promise((resolve) => void setImmediate(resolve));
  expect(closed).toBe(false);
  gate.calls[0]?.();
  await Promise.all([running, closing]);
  expect(closed).toBe(true);
});
