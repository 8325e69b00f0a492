/** Masks at every door: what tools answer, fail with, say and ask on the way, and what prompts and resources hold. */
import { afterEach, describe, expect, it } from 'vitest';
import { EVERYWHERE, type ClientFace } from '#contract';
import { type JsonObject } from '#kernel';
import { fixedPolicies, STARTER_POLICIES } from '#policy';
import { jsonSchemaCheck, type Tool, type ToolboxSnapshot, type ToolOutput } from '#toolbox';
import { mask } from '../shaping/test/mask.fixture.ts';
import { gatewayError } from '../errors.ts';
import {
  ALICE,
  GLOBAL_ROLE,
  post,
  postStateless,
  snapshotOf,
  startGateway,
  testTool,
  type RunningGateway,
} from './gateway.fixture.ts';

const PAN = '4111111111111111';
const PANS = { patterns: ['card'], name: 'pans' };

const tool = (name: string, output: ToolOutput, overrides: Partial<Tool> = {}): Tool =>
  testTool({ name, run: async () => output, overrides });
const speaking = (name: string, say: (client: ClientFace) => unknown): Tool =>
  testTool({
    name,
    run: async (_, { client }) => {
      await say(client);
      return { kind: 'value', value: 'done' };
    },
  });

const rows = tool('rows', { kind: 'rows', rows: [{ id: 1, ssn: 'x', note: `paid with ${PAN}` }] });
const content = tool('content', {
  kind: 'content',
  content: [{ type: 'text', text: JSON.stringify({ pan: PAN }) }],
  structuredContent: { pan: PAN },
});
const failing = testTool({
  name: 'failing',
  run: () => Promise.reject(gatewayError('CLIENT_REFUSED', `duplicate key (pan)=(${PAN})`)),
});

let running: RunningGateway;
afterEach(() => running.close());

async function start(tools: readonly Tool[], masks: readonly JsonObject[], policies = STARTER_POLICIES): Promise<void> {
  const { namespaces } = snapshotOf(tools);
  const view = { ...namespaces.get('default')!, masks: masks.map((one) => mask(one)) };
  const all = {
    ...view.all,
    prompts: [{ ...view.all.prompts[0]!, complete: async () => ['Basel', PAN] }],
    resources: [{ ...view.all.resources[0]!, read: async () => [{ uri: 'test://readme', text: `{"pan":"${PAN}"}` }] }],
  };
  const snapshot: ToolboxSnapshot = { version: 'masked', namespaces: new Map([['default', { ...view, all }]]) };
  running = await startGateway({}, snapshot, [], [], undefined, fixedPolicies(policies));
}

const mcp = async (method: string, params: JsonObject, key = ALICE): Promise<string> =>
  (
    await postStateless(`${running.url}/mcp`, method, params, {
      headers: { Authorization: `Bearer ${key}` },
      capabilities: { elicitation: { form: {} } },
      meta: { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' },
    })
  ).text();
const inSession = async (name: string): Promise<string> =>
  (await post(`${running.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } })).text();
const rest = async (name: string, key = ALICE): Promise<string> =>
  (
    await fetch(`${running.url}/api/tool/${name}/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: '{}',
    })
  ).text();
const everyDoor = async (name: string): Promise<readonly string[]> => [
  await mcp('tools/call', { name }),
  await inSession(name),
  await rest(name),
];

describe('an answer', () => {
  it('is masked at every door, and nowhere else than where the mask says', async () => {
    await start([rows, content], [PANS, { fields: ['ssn'], name: 'ssn', how: 'remove', tools: ['rows'] }]);
    for (const answer of [...(await everyDoor('rows')), ...(await everyDoor('content'))]) {
      expect(answer).toContain('•••');
      expect(answer).not.toMatch(/4111|ssn/);
    }
  });

  it('is whole for the roles that the mask leaves out, and for nobody else', async () => {
    await start([rows], [{ ...PANS, exceptRoles: ['user'], name: 'not-for-admins' }]);
    expect(await rest('rows')).toContain(PAN);
    await running.close();
    await start([rows], [{ ...PANS, exceptRoles: ['auditor'] }]);
    expect(await rest('rows')).not.toContain(PAN);
    expect(await mcp('tools/call', { name: 'rows' }, GLOBAL_ROLE)).not.toContain(PAN);
  });

  it('is refused where the mask says so, and on record with the mask', async () => {
    await start([rows], [{ ...PANS, how: 'block' }]);
    for (const answer of await everyDoor('rows')) {
      expect(answer).toContain('mask `pans`');
      expect(answer).not.toContain(PAN);
    }
    expect(running.trail.events.at(-1)).toMatchObject({ outcome: 'failure', error: 'OUTPUT_BLOCKED' });
  });

  it('is on record with how often each mask covered something, and nothing of what', async () => {
    await start([rows], [PANS, { fields: ['ssn'], name: 'ssn' }]);
    await rest('rows');
    const [last] = running.trail.events.slice(-1);
    expect(last?.details).toMatchObject({ masked: expect.arrayContaining(['pans 1', 'ssn 1']) });
    expect(JSON.stringify(running.trail.events)).not.toContain(PAN);
  });

  it('is masked as the permit asks', async () => {
    const permit = (masks: string) => [
      {
        id: '*/p',
        namespace: EVERYWHERE,
        priority: 0,
        cedar: `@mask("${masks}") permit(principal, action, resource);`,
      },
    ];
    await start([rows], [{ fields: ['ssn'], name: 'ssn', when: 'asked' }], permit('card ssn'));
    expect(await rest('rows')).toContain('{\\"id\\":1,\\"ssn\\":\\"•••\\",\\"note\\":\\"paid with •••\\"}');
  });

  it('is not even worked out where the permit asks for a mask that there is not', async () => {
    let ran = false;
    const writing = testTool({ name: 'writing', run: async () => ((ran = true), { kind: 'value', value: 1 }) });
    await start(
      [writing],
      [],
      [{ id: '*/p', namespace: EVERYWHERE, priority: 0, cedar: '@mask("pan") permit(principal, action, resource);' }],
    );
    expect(await rest('writing')).toContain('OUTPUT_BLOCKED');
    expect(ran).toBe(false);
  });
});

describe('what is not the answer', () => {
  it('a failure in the words of the source is masked', async () => {
    await start([failing], [PANS]);
    for (const answer of await everyDoor('failing')) {
      expect(answer).toContain('duplicate key (pan)=(•••)');
      expect(answer).not.toContain(PAN);
    }
  });

  it('progress and log messages are masked on their way, and a question is as well', async () => {
    const ask = {
      method: 'elicitation/create',
      params: { message: `Pay ${PAN}?`, requestedSchema: { type: 'object' } },
    } as const;
    await start(
      [
        speaking('telling', (client) => {
          client.progress(1, 2, `at ${PAN}`);
          client.log('info', { at: PAN, ssn: 'secret' });
        }),
        speaking('asking', (client) => client.request({ pay: ask })),
      ],
      [PANS, { fields: ['ssn'], name: 'ssn' }],
    );
    const told = await mcp('tools/call', { name: 'telling' });
    expect(told).toContain('notifications/progress');
    expect(told).toContain('{"at":"•••","ssn":"•••"}');
    const asked = await mcp('tools/call', { name: 'asking' });
    expect(asked).toContain('Pay •••?');
    expect(told + asked).not.toContain(PAN);
  });

  it('what a mask blocks is not said on the way, and not asked', async () => {
    const ask = {
      method: 'elicitation/create',
      params: { message: PAN, requestedSchema: { type: 'object' } },
    } as const;
    await start(
      [
        speaking('telling', (client) => client.log('info', PAN)),
        speaking('asking', (client) => client.request({ ask })),
      ],
      [{ ...PANS, how: 'block' }],
    );
    const told = await mcp('tools/call', { name: 'telling' });
    expect(told).toContain('done');
    const asked = await mcp('tools/call', { name: 'asking' });
    expect(asked).toContain('OUTPUT_BLOCKED');
    expect(told + asked).not.toContain(PAN);
  });

  it('resources and prompts are masked, and suggestions that would be are left out', async () => {
    await start([rows], [PANS]);
    expect(await mcp('resources/read', { uri: 'test://readme' })).toContain('{\\"pan\\":\\"•••\\"}');
    const prompt = await mcp('prompts/get', { name: 'trip', arguments: { city: PAN } });
    expect(prompt).toContain('Plan •••');
    const completed = await mcp('completion/complete', {
      ref: { type: 'ref/prompt', name: 'trip' },
      argument: { name: 'city', value: '' },
    });
    expect(completed).toContain('"values":["Basel"]');
  });

  it('of a mask for some tools resources know nothing', async () => {
    await start([rows], [{ ...PANS, tools: ['rows'] }]);
    expect(await mcp('resources/read', { uri: 'test://readme' })).toContain(PAN);
  });
});

describe('what a tool promises', () => {
  const schema = (properties: JsonObject, required: readonly string[]): JsonObject => ({
    type: 'object',
    properties,
    required: [...required],
  });
  const promising = (outputSchema: JsonObject) =>
    tool('rows', { kind: 'rows', rows: [{ id: 7, pan: PAN }] }, { outputSchema });

  it('is refused at every door where the tool itself does not keep it', async () => {
    await start([promising(schema({ id: { type: 'string' } }, ['id']))], []);
    for (const answer of await everyDoor('rows')) expect(answer).toContain('outputSchema');
    expect(await rest('rows')).toContain('OUTPUT_INVALID');
  });

  it('stays kept: what would be taken away is covered instead, where it is promised', async () => {
    const outputSchema = schema({ id: { type: 'integer' }, pan: { type: 'string' } }, ['id', 'pan']);
    await start([promising(outputSchema)], [{ fields: ['pan'], how: 'remove' }]);
    const { result } = JSON.parse(await mcp('tools/call', { name: 'rows' })) as {
      result: { structuredContent: JsonObject };
    };
    expect(result.structuredContent).toEqual({ id: 7, pan: '•••' });
    expect(jsonSchemaCheck(outputSchema)(result.structuredContent)).toEqual([]);
  });

  it('is nothing where nothing can be kept: a number that may not be null is not given', async () => {
    await start([promising(schema({ id: { type: 'integer' } }, ['id']))], [{ fields: ['id'], name: 'ids' }]);
    for (const answer of await everyDoor('rows')) expect(answer).toContain('mask `ids`');
    await running.close();
    await start([promising(schema({ id: { type: ['integer', 'null'] } }, ['id']))], [{ fields: ['id'] }]);
    expect(await rest('rows')).toContain('{\\"id\\":null');
  });
});
