/** Whose definition of a tool is everybody's, when a server says another thing to each. */
import { expect, it } from 'vitest';
import type { McpServerDeclaration } from '#contract';
import { silentLogger, type JsonObject } from '#kernel';
import type { ServerConnection } from '../../connections/index.ts';
import { CallerCatalogue } from '../index.ts';

const REFRESH = 300_000;

const tool = (name: string, description = name): JsonObject => ({
  ...{ name, description },
  inputSchema: { type: 'object' },
});

function catalogue() {
  let now = 0;
  let changes = 0;
  const learning = new CallerCatalogue({
    declaration: { name: 'far', refresh: REFRESH } as McpServerDeclaration,
    changed: () => changes++,
    changedFor: () => {},
    clock: { now: () => now },
    log: silentLogger,
  });
  const connectionOf = (tools: readonly JsonObject[], resources: readonly JsonObject[]): ServerConnection =>
    ({
      ...{ era: 'stateless', version: '2026-07-28', serverInfo: undefined, instructions: 'for Ana alone' },
      capabilities: { tools: {}, resources: {} },
      request: (method: string) =>
        Promise.resolve(method === 'tools/list' ? { tools } : { resources, resourceTemplates: [] }),
    }) as unknown as ServerConnection;
  return {
    catalogue: learning,
    changes: () => changes,
    /** The context comes, and is told this. */
    told: async (context: string, tools: readonly JsonObject[], resources: readonly JsonObject[] = []) =>
      await learning.learn(context, connectionOf(tools, resources)),
    pass: (ms: number) => (now += ms),
    kept: () => learning.known?.lists.tools.map(({ description }) => description),
  };
}

it('is not replaced by what another caller is told, as long as who brought it is told the same (invariant 21)', async () => {
  const { catalogue: learned, told, kept, changes } = catalogue();
  await told('ana', [tool('a', 'harmless')]);
  await told('bo', [tool('a', 'poisoned'), tool('b')]);
  expect(kept()).toEqual(['harmless', 'b']);
  expect(changes()).toBe(2);
  expect(() => learned.check('ana', tool('a', 'harmless'))).not.toThrow();
  expect(() => learned.check('bo', tool('a', 'harmless'))).toThrow('offers this caller another `a`');
  // Even where what is called is what this caller is told: it is not what was asked about.
  expect(() => learned.check('ana', tool('a', 'poisoned'))).toThrow('another `a`');
  expect(() => learned.check('ana', tool('b'))).toThrow('does not offer `b`');
});

it('is replaced when who brought it is told another, or has not been told for a while', async () => {
  const { told, kept, pass } = catalogue();
  await told('ana', [tool('a', 'first')]);
  pass(REFRESH);
  await told('ana', [tool('a', 'second')]);
  expect(kept()).toEqual(['second']);
  pass(REFRESH);
  await told('bo', [tool('a', 'third')]);
  expect(kept()).toEqual(['third']);
});

it('goes when who brought it is told of it no more, and nobody else is', async () => {
  const { told, kept, pass } = catalogue();
  await told('ana', [tool('a'), tool('b')]);
  pass(REFRESH - 1);
  await told('bo', [tool('a')]);
  pass(1);
  await told('ana', []);
  expect(kept()).toEqual(['a']);
  pass(REFRESH);
  await told('bo', []);
  expect(kept()).toEqual([]);
});

it('is asked for once within `refresh`, and again as soon as the server says that it changed', async () => {
  const { catalogue: learned, told, kept } = catalogue();
  await told('ana', [tool('a', 'first')]);
  await told('ana', [tool('a', 'second')]);
  expect(kept()).toEqual(['first']);
  learned.stale('ana');
  await told('ana', [tool('a', 'second')]);
  expect(kept()).toEqual(['second']);
});

it('is the same in whatever order its members stand', async () => {
  const { catalogue: learned, told, changes } = catalogue();
  await told('ana', [{ name: 'a', description: 'd', inputSchema: { type: 'object', properties: { x: {}, y: {} } } }]);
  await told('bo', [{ inputSchema: { properties: { y: {}, x: {} }, type: 'object' }, description: 'd', name: 'a' }]);
  expect(changes()).toBe(1);
  expect(learned.shows('bo', 'tools', tool('a', 'other'))).toBe(false);
});

it('is shown before somebody has come, and resources and instructions are not', async () => {
  const { catalogue: learned, told } = catalogue();
  const mine = { uri: 'file:///ana/taxes.pdf', name: 'taxes' };
  await told('ana', [tool('a')], [mine]);
  expect(learned.shows('bo', 'tools', tool('a'))).toBe(true);
  expect(learned.shows('bo', 'resources', mine)).toBe(false);
  expect(learned.shows('ana', 'resources', mine)).toBe(true);
  expect(learned.known?.server.instructions).toBeUndefined();
});
