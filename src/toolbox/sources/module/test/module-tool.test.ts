import { describe, expect, expectTypeOf, it } from 'vitest';
import { ClientInterruption, type InputRequest } from '#contract';
import { createLogger, type JsonObject } from '#kernel';
import { toolboxError } from '../../../errors.ts';
import { defineTool, ToolFailure, z, type ToolDefinition } from '../api.ts';
import { moduleTool } from '../module-tool.ts';
import { callWith } from './module-call.fixture.ts';

const tool = (definition: object) => moduleTool('thing', definition as ToolDefinition);
const violations = (inputSchema: object, args: JsonObject): unknown => {
  const checked = tool({ inputSchema, handler: () => null }).check?.(args);
  return checked?.ok === true ? 'ok' : checked?.error.map(({ path, message }) => `${path}: ${message}`);
};

describe('the schema of a tool', () => {
  it('is published exactly as written, whatever else stands in it', () => {
    const inputSchema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://schemas.test/thing',
      type: 'object',
      $defs: { address: { $anchor: 'address', type: 'object', properties: { street: { type: 'string' } } } },
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region', description: 'Wo?' },
        address: { $ref: '#address' },
        contact: { $ref: '#/$defs/address' },
      },
      if: { required: ['contact'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { required: ['region'] },
      additionalProperties: false,
      'x-vendor': { anything: [1, null] },
    };
    const body = tool({ inputSchema, handler: () => null });
    expect(body.inputSchema).toEqual(inputSchema);
    expect(JSON.stringify(body.inputSchema)).toBe(JSON.stringify(inputSchema));
  });

  it('made with zod is published as JSON Schema, with what a caller may leave out', () => {
    const body = tool(
      defineTool({
        inputSchema: z.object({ city: z.string().describe('A city.'), limit: z.int().min(1).default(10) }),
        outputSchema: z.object({ limit: z.int().default(10) }),
        handler: () => ({ limit: 1 }),
      }),
    );
    expect(body.inputSchema).toMatchObject({
      type: 'object',
      properties: {
        city: { type: 'string', description: 'A city.' },
        limit: { type: 'integer', minimum: 1, default: 10 },
      },
      required: ['city'],
    });
    expect(body.outputSchema).toMatchObject({ required: ['limit'] });
  });

  it('may be left out, and then nothing is taken', () => {
    const body = tool({ handler: () => null });
    expect(body.check?.({}).ok).toBe(true);
    expect(body.check?.({ a: 1 }).ok).toBe(false);
  });

  it.each<[string, object, RegExp]>([
    ['describes no object', { inputSchema: { type: 'string' } }, /does not describe an object/],
    ['has no form in JSON', { inputSchema: z.object({ when: z.date() }) }, /`inputSchema` has no JSON Schema/],
    [
      'refers to the network',
      { inputSchema: { type: 'object', properties: { a: { $ref: 'https://evil.test/schema.json' } } } },
      /`https:\/\/evil\.test\/schema\.json`, which is not part of it/,
    ],
    ['refers to a file', { inputSchema: { type: 'object', $ref: 'file:///etc/passwd#/x' } }, /never fetched/],
    [
      'refers to the network in its answer',
      { outputSchema: { type: 'object', allOf: [{ $dynamicRef: 'http://evil.test/x' }] } },
      /`outputSchema` refers to/,
    ],
  ])('is refused when it %s', (_, definition, message) => {
    expect(() => tool({ handler: () => null, ...definition })).toThrow(message);
  });

  it('may refer to a part of itself by its name', () => {
    const schema = {
      $id: 'https://schemas.test/root',
      type: 'object',
      properties: { a: { $ref: 'part' } },
      $defs: { part: { $id: 'part', type: 'integer' } },
    };
    expect(violations(schema, { a: 1 })).toBe('ok');
    expect(violations(schema, { a: 'x' })).toEqual(['a: must be integer']);
    // The same `$id` in a second tool, and again after a reload, is nobody's mistake.
    expect(violations(structuredClone(schema), { a: 1 })).toBe('ok');
  });

  it('does not take for a reference what only looks like one', () => {
    const schema = {
      type: 'object',
      properties: { $ref: { type: 'string' }, a: { const: { $ref: 'https://x.test' } } },
    };
    expect(violations(schema, { $ref: 'x' })).toBe('ok');
  });
});

describe('arguments are checked', () => {
  const jsonSchema = {
    type: 'object',
    properties: {
      cities: {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
      mode: { enum: ['fast', 'slow'] },
    },
    required: ['cities'],
    additionalProperties: false,
  };
  const zodSchema = z.strictObject({
    cities: z.array(z.object({ name: z.string() })),
    mode: z.enum(['fast', 'slow']).optional(),
  });

  it.each<[JsonObject, string[], string[]]>([
    [{}, ['cities: is missing'], ['cities: Invalid input: expected array, received undefined']],
    [
      { cities: [{ name: 'Bern' }, { name: 3 }, {}], mode: 'fats' },
      ['cities[1].name: must be string', 'cities[2].name: is missing', 'mode: must be one of ["fast","slow"]'],
      [
        'cities[1].name: Invalid input: expected string, received number',
        'cities[2].name: Invalid input: expected string, received undefined',
        'mode: Invalid option: expected one of "fast"|"slow"',
      ],
    ],
    [{ cities: [], moed: 'fast' }, ['moed: is not known; did you mean `mode`?'], [': Unrecognized key: "moed"']],
  ])('%j', (args, byJsonSchema, byZod) => {
    expect(violations(jsonSchema, args)).toEqual(byJsonSchema);
    expect(violations(zodSchema, args)).toEqual(byZod);
  });

  it('and travel on as they were sent; the handler sees them parsed', async () => {
    const body = tool(
      defineTool({
        inputSchema: z.object({ day: z.iso.date().transform((day) => new Date(day)), limit: z.int().default(10) }),
        handler({ day, limit }) {
          expectTypeOf(day).toEqualTypeOf<Date>();
          return `${day.getTime()} ${limit}`;
        },
      }),
    );
    const checked = body.check?.({ day: '1970-01-02' });
    expect(checked).toEqual({ ok: true, value: { day: '1970-01-02' } });
    expect(await body.run({ day: '1970-01-02' }, callWith())).toEqual({ kind: 'value', value: '86400000 10' });
  });

  it('and a schema that cannot be applied is an error of the tool, not of the server', () => {
    const asynchronous = z.object({ a: z.string().refine(() => Promise.resolve(true)) });
    expect(() => violations(asynchronous, { a: 'x' })).toThrow(/cannot be applied: it is asynchronous/);
  });

  it('by the first violation alone when they are huge', () => {
    const list = Array.from({ length: 300_000 }, () => 0);
    expect(
      violations({ type: 'object', properties: { list: { type: 'array', items: { type: 'string' } } } }, { list }),
    ).toEqual(['list[0]: must be string']);
  });
});

describe('an answer', () => {
  const answered = (answer: unknown, more: object = {}) => tool({ handler: () => answer, ...more }).run({}, callWith());

  it.each<[string, unknown, unknown]>([
    ['text', 'hello', { kind: 'value', value: 'hello' }],
    ['a JSON value', { a: [1, null] }, { kind: 'value', value: { a: [1, null] } }],
    [
      'what JSON makes of it',
      { at: new Date(0), gone: undefined },
      { kind: 'value', value: { at: '1970-01-01T00:00:00.000Z' } },
    ],
    ['nothing', undefined, { kind: 'content', content: [] }],
    [
      'content',
      { content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }], isError: true, _meta: { a: 1 } },
      {
        kind: 'content',
        content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }],
        isError: true,
        _meta: { a: 1 },
      },
    ],
    [
      'structured content alone, which is text as well',
      { structuredContent: { a: 1 } },
      { kind: 'content', content: [{ type: 'text', text: '{"a":1}' }], structuredContent: { a: 1 } },
    ],
    [
      'an object that has more than a result',
      { content: [], total: 3 },
      { kind: 'value', value: { content: [], total: 3 } },
    ],
  ])('may be %s', async (_, answer, output) => {
    expect(await answered(answer)).toEqual(output);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each<[string, unknown, RegExp]>([
    ['a bigint', 10n, /something that is not JSON/],
    ['a cycle', cycle, /something that is not JSON/],
    ['a function', () => 1, /something that is not JSON/],
    [
      'half a content block',
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'image', data: 'AA==' },
        ],
      },
      /`content\[1\]`/,
    ],
  ])('may not be %s', async (_, answer, message) => {
    await expect(answered(answer)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['zod', z.object({ sum: z.number() })],
    ['JSON Schema', { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] }],
  ])('must fit the output schema (%s)', async (_, outputSchema) => {
    expect(await answered({ sum: 1 }, { outputSchema })).toEqual({ kind: 'value', value: { sum: 1 } });
    await expect(answered({ sum: 'x' }, { outputSchema })).rejects.toThrow(/`outputSchema` does not allow: `sum`/);
    await expect(answered('text', { outputSchema })).rejects.toThrow(/does not allow/);
    await expect(answered({ content: [], isError: true }, { outputSchema })).resolves.toMatchObject({ isError: true });
  });
});

describe('a handler that throws', () => {
  const thrown = (error: Error, call = callWith()) =>
    tool({
      handler() {
        throw error;
      },
    }).run({}, call);

  it('tells the caller what it threw as ToolFailure', async () => {
    await expect(thrown(new ToolFailure('no such city'))).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: 'no such city',
    });
  });

  it('tells the caller nothing else: the rest is for the log', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
    const failure = await Promise.resolve(thrown(new Error('postgres://user:hunter2@db'), callWith({}, { log }))).catch(
      (error: unknown) => error as Error,
    );
    expect(failure).toMatchObject({
      code: 'TOOL_FAILED',
      message: '`thing` failed; the log of the server has the details',
    });
    expect(lines.join('')).toContain('hunter2');
  });

  it('passes catalogued errors on, and the reason of an abort', async () => {
    const own = toolboxError('READ_ONLY', 'not now');
    await expect(thrown(own)).rejects.toBe(own);
    const reason = new Error('the caller went away');
    await expect(thrown(new Error('aborted'), callWith({}, { signal: AbortSignal.abort(reason) }))).rejects.toBe(
      reason,
    );
  });
});

describe('a handler and its client', () => {
  it('progress, logging, state and capabilities reach both ways', async () => {
    const told: unknown[] = [];
    const call = callWith({
      progress: (...given) => told.push(given),
      log: (...given) => told.push(given),
      capabilities: { roots: {} },
      state: { round: 1 },
    });
    await tool(
      defineTool({
        handler(_, context) {
          context.progress(1, 2, 'half');
          context.log('info', { a: 1 }, 'mine');
          told.push(context.state, context.capabilities, context.signal.aborted);
        },
      }),
    ).run({}, call);
    expect(told).toEqual([[1, 2, 'half'], ['info', { a: 1 }, 'mine'], { round: 1 }, { roots: {} }, false]);
  });

  it('asks under names that are the same on every run', async () => {
    const asked: Record<string, InputRequest> = {};
    const answers: Record<string, JsonObject> = {
      'create-1': { action: 'accept', content: { name: 'Bern' } },
      'createMessage-2': { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' },
      'list-3': { roots: [{ uri: 'file:///a' }] },
      'create-4': { action: 'sure' },
    };
    const call = callWith({
      request: (inputs) => {
        Object.assign(asked, inputs);
        return Promise.resolve(Object.fromEntries(Object.keys(inputs).map((key) => [key, answers[key] as JsonObject])));
      },
    });
    const output = await tool(
      defineTool({
        handler: async (_, context) => [
          await context.elicit('Which city?', { type: 'object', properties: { name: { type: 'string' } } }),
          (
            await context.sample({
              messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
              maxTokens: 5,
            })
          ).model,
          await context.listRoots(),
          await context.elicitUrl('Sign in', 'https://login.test/'),
        ],
      }),
    ).run({}, call);
    expect(output).toEqual({
      kind: 'value',
      value: [{ action: 'accept', content: { name: 'Bern' } }, 'm', [{ uri: 'file:///a' }], { action: 'cancel' }],
    });
    expect(asked).toMatchObject({
      'create-1': { method: 'elicitation/create', params: { message: 'Which city?' } },
      'createMessage-2': { method: 'sampling/createMessage', params: { maxTokens: 5 } },
      'list-3': { method: 'roots/list' },
      'create-4': { method: 'elicitation/create', params: { mode: 'url', url: 'https://login.test/' } },
    });
  });

  it('cannot turn a question into an answer by catching it', async () => {
    const interruption = new ClientInterruption('input required');
    const call = callWith({ request: () => Promise.reject(interruption) });
    const careless = tool(
      defineTool({
        async handler(_, context) {
          try {
            await context.elicit('Delete everything?', { type: 'object' });
          } catch {
            return 'deleted';
          }
          return 'kept';
        },
      }),
    );
    await expect(careless.run({}, call)).rejects.toBe(interruption);
  });
});
