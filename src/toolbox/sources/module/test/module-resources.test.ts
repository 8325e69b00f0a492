import { describe, expect, it } from 'vitest';
import { silentLogger } from '#kernel';
import { definePrompt, defineResource, defineResourceTemplate } from '../api.ts';
import { modulePrompt } from '../module-prompt.ts';
import { moduleResource, moduleResourceTemplate } from '../module-resource.ts';
import { callWith } from './module-call.fixture.ts';

describe('a prompt of a module', () => {
  const greeting = modulePrompt(
    'greeting',
    definePrompt({
      title: 'Greeting',
      arguments: {
        name: {
          description: 'Whom',
          complete: (typed, filled) =>
            ['Ada', 'Alan'].filter((name) => name.startsWith(typed) && filled['tone'] !== 'none'),
        },
        tone: { required: false },
      },
      handler: ({ name, tone }) => `Greet ${name} ${tone?.toUpperCase() ?? 'plainly'}`,
    }),
  );

  it('lists its arguments and makes a message of text', async () => {
    expect(greeting.arguments).toEqual([
      { name: 'name', title: undefined, description: 'Whom', required: true },
      { name: 'tone', title: undefined, description: undefined, required: false },
    ]);
    expect(await greeting.get({ name: 'Ada' }, callWith())).toEqual({
      ok: true,
      value: [{ role: 'user', content: { type: 'text', text: 'Greet Ada plainly' } }],
    });
  });

  it('says which argument is missing', async () => {
    expect(await greeting.get({ tone: 'x' }, callWith())).toEqual({
      ok: false,
      error: [{ path: 'name', message: 'is missing' }],
    });
  });

  it('completes arguments that have a completion, knowing the others', async () => {
    expect(await greeting.complete('name', 'Al', {})).toEqual(['Alan']);
    expect(await greeting.complete('name', 'Al', { tone: 'none' })).toEqual([]);
    expect(await greeting.complete('tone', '', {})).toEqual([]);
    expect(await greeting.complete('constructor', '', {})).toEqual([]);
  });

  it('may answer with any content, and with nothing that is no message', async () => {
    const content = { type: 'resource', resource: { uri: 'test://a', text: 'a' } } as const;
    const made = modulePrompt('made', definePrompt({ handler: () => [{ role: 'assistant', content }] }));
    expect(await made.get({}, callWith())).toEqual({ ok: true, value: [{ role: 'assistant', content }] });
    const broken = modulePrompt('broken', { handler: () => [{ role: 'system', content }] as never });
    await expect(broken.get({}, callWith())).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });
});

describe('a resource of a module', () => {
  const facts = { uri: 'test://a', mimeType: 'text/markdown' };
  const read = (answer: unknown, about: { uri: string; mimeType: string | undefined } = facts) =>
    moduleResource('thing', { read: () => answer as string }, silentLogger).read(about, callWith());

  it.each<[string, unknown, unknown]>([
    ['text', '# A', [{ uri: 'test://a', mimeType: 'text/markdown', text: '# A' }]],
    ['bytes', new Uint8Array([1, 2]), [{ uri: 'test://a', mimeType: 'text/markdown', blob: 'AQI=' }]],
    [
      'a part with a type of its own',
      { text: 'x', mimeType: 'text/csv' },
      [{ uri: 'test://a', mimeType: 'text/csv', text: 'x' }],
    ],
    [
      'several parts',
      [{ uri: 'test://b', blob: 'AA==' }, 'c'],
      [
        { uri: 'test://b', mimeType: 'text/markdown', blob: 'AA==' },
        { uri: 'test://a', mimeType: 'text/markdown', text: 'c' },
      ],
    ],
  ])('may be %s', async (_, answer, contents) => {
    expect(await read(answer)).toEqual(contents);
  });

  it('is not a number', async () => {
    await expect(read(3)).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  it('tells of changes until the signal aborts', () => {
    let change = (): void => {};
    const watched = moduleResource(
      'thing',
      defineResource({
        read: () => 'x',
        subscribe: (changed, signal) => (change = () => void (signal.aborted || changed())),
      }),
      silentLogger,
    );
    let changes = 0;
    const controller = new AbortController();
    watched.watch?.(() => changes++, controller.signal);
    change();
    controller.abort();
    change();
    expect(changes).toBe(1);
    expect(moduleResource('still', { read: () => 'x' }, silentLogger).watch).toBeUndefined();
  });

  it('of a template knows its variables and its URI', async () => {
    const template = moduleResourceTemplate(
      'city',
      defineResourceTemplate({
        mimeType: 'text/plain',
        complete: { id: (typed) => [`${typed}1`] },
        read: ({ id }, context) => `${id} at ${context.uri} ${context.signal.aborted}`,
      }),
    );
    const contents = await template.read({ uri: 'city://7', mimeType: 'text/plain' }, { id: '7' }, callWith());
    expect(contents).toEqual([{ uri: 'city://7', mimeType: 'text/plain', text: '7 at city://7 false' }]);
    expect(await template.complete('id', '4', {})).toEqual(['41']);
    expect(await template.complete('toString', '4', {})).toEqual([]);
  });
});
