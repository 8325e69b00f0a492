/** A client on the other end of standard input and output. */
import { PassThrough } from 'node:stream';
import type { Principal } from '#contract';
import type { JsonObject } from '#kernel';
import { gatewayError } from '../errors.ts';
import { serveStdio } from '../index.ts';
import { group, snapshotOf, startGateway, testTool, TOOLS, type RunningGateway } from './gateway.fixture.ts';

const tools = [
  ...TOOLS,
  testTool({
    name: 'talkative',
    run: async (_, { client }) => {
      for (const [step, later] of [process.nextTick, setImmediate].entries()) later(() => client.progress(step + 1));
      return { kind: 'value', value: 'done' };
    },
  }),
  testTool({ name: 'deaf', run: () => new Promise(() => {}) }),
];

const local: Principal = {
  kind: 'user',
  iss: 'chatelaine',
  sub: 'local',
  name: 'local',
  namespace: 'default',
  roles: ['user'],
  access: new Set(['read', 'execute']),
  groups: [],
  scopes: new Set(),
  via: { method: 'local' },
};

export interface LineClient {
  readonly running: RunningGateway;
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** Takes the place that is served away, as a reload does that drops the toolset. */
  removePlace(): void;
  send(message: object | string): void;
  next(): Promise<JsonObject>;
  end(): Promise<void>;
}

/** A client that writes lines and reads lines. */
export async function open(): Promise<LineClient> {
  const running = await startGateway();
  const input = new PassThrough();
  const output = new PassThrough();
  const current = snapshotOf(tools);
  let served = true;
  const done = serveStdio({
    input,
    output,
    services: running.gateway.services,
    principal: local,
    place() {
      if (!served) throw gatewayError('TOOLSET_UNKNOWN', 'there is no toolset `few`');
      return { view: current.namespaces.get('default')!, group: group('', tools) };
    },
    maxLineBytes: 10_000,
    graceMs: 100,
  });
  const lines = textLines(output);
  return {
    running,
    input,
    output,
    removePlace: () => void (served = false),
    send: (message) => void input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    next: async () => JSON.parse((await lines.next()).value ?? 'the output ended') as JsonObject,
    end: async () => {
      input.end();
      await done;
      await running.close();
    },
  };
}

/** Lines as clients cut them: at `\n` alone (`readline` cuts inside JSON strings). */
async function* textLines(stream: PassThrough): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() as string;
    yield* parts;
  }
  return undefined;
}
