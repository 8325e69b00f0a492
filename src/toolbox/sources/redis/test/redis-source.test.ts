import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ParameterDeclaration } from '#contract';
import { ChatelaineError } from '#kernel';
import { testAuthority } from '../../../../../test/certificates.ts';
import { freePort } from '../../../../../test/loopback.ts';
import { redisMissing, startRedis, type TestRedis } from '../../../../../test/redis.ts';
import { ConfigurationFault, type RunContext, type ToolArguments } from '../../../tools/tool-type.ts';
import { runTool } from '../../test/run-tool.fixture.ts';
import { redisSchema, valkeySchema } from '../config.ts';
import { commandTool } from '../redis-tool.ts';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { RedisSource } from '../source.ts';

const directory = mkdtempSync(join(tmpdir(), 'chatelaine-redis-test-'));
const opened: RedisSource[] = [];
afterAll(async () => {
  await Promise.all(opened.map(async (source) => source.close()));
  rmSync(directory, { recursive: true, force: true });
});

function open(port: number, fields: Record<string, unknown> = {}, type: 'redis' | 'valkey' = 'redis'): RedisSource {
  const schema = type === 'redis' ? redisSchema : valkeySchema;
  const config = schema.parse({ address: [`127.0.0.1:${port}`], ...fields });
  const source = new RedisSource(type, config, { name: 'scratch', directory, secrets: secretsOf() });
  opened.push(source);
  return source;
}

const parameter = (name: string, type: ParameterDeclaration['type'] = 'string'): ParameterDeclaration => ({
  name,
  type,
  description: name,
});

interface Call {
  readonly args?: ToolArguments;
  readonly readOnly?: boolean;
  readonly run?: Partial<RunContext>;
}

async function send(source: RedisSource, commands: unknown, { args = {}, readOnly = false, run = {} }: Call = {}) {
  const parameters = Object.keys(args).map((name) => parameter(name));
  const output = await runTool(commandTool('redis'), source, args, {
    fields: { commands },
    build: { parameters, readOnly },
    run: { readOnly, ...run },
  });
  return output.kind === 'value' ? output.value : output;
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    (value) => new Error(`expected a refusal, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(error instanceof ChatelaineError)) throw error;
  return error.code;
}

describe.skipIf(redisMissing !== undefined)(`redis${redisMissing === undefined ? '' : `: ${redisMissing}`}`, () => {
  let server: TestRedis;
  let source: RedisSource;
  beforeAll(async () => {
    server = await startRedis();
    source = open(server.port);
  });
  afterAll(async () => server.stop());
  beforeEach(async () => void (await server.send('FLUSHALL')));

  describe('commands', () => {
    it.each([
      [
        'a text',
        [
          ['SET', 'k', 'Zürich'],
          ['GET', 'k'],
        ],
        ['OK', 'Zürich'],
      ],
      ['nothing', [['GET', 'none']], [null]],
      ['a whole number', [['INCR', 'n']], [1]],
      [
        'a whole number beyond 2^53',
        [
          ['SET', 'n', '9007199254740992'],
          ['INCR', 'n'],
        ],
        ['OK', '9007199254740993'],
      ],
      [
        'text that looks like a number',
        [
          ['SET', 'k', '0042'],
          ['GET', 'k'],
        ],
        ['OK', '0042'],
      ],
      [
        'bytes',
        [
          ['SETBIT', 'b', 0, 1],
          ['GET', 'b'],
        ],
        [0, 'gA=='],
      ],
      [
        'a hash',
        [
          ['HSET', 'h', 'a', '1', '__proto__', 'x'],
          ['HGETALL', 'h'],
        ],
        [2, JSON.parse('{"a":"1","__proto__":"x"}')],
      ],
      [
        'a list',
        [
          ['RPUSH', 'l', 'a', 'b'],
          ['LRANGE', 'l', 0, -1],
        ],
        [2, ['a', 'b']],
      ],
      [
        'a set',
        [
          ['SADD', 's', 'a'],
          ['SMEMBERS', 's'],
        ],
        [1, ['a']],
      ],
      [
        'scores',
        [
          ['ZADD', 'z', '1.5', 'm'],
          ['ZSCORE', 'z', 'm'],
          ['ZRANGE', 'z', 0, -1, 'WITHSCORES'],
        ],
        [1, 1.5, [['m', 1.5]]],
      ],
      [
        'an infinite score',
        [
          ['ZADD', 'z', '-inf', 'm'],
          ['ZSCORE', 'z', 'm'],
        ],
        [1, '-Infinity'],
      ],
      [
        'a stream',
        [
          ['XADD', 'x', '1-1', 'f', 'v'],
          ['XREAD', 'STREAMS', 'x', '0'],
        ],
        ['1-1', { x: [['1-1', ['f', 'v']]] }],
      ],
      ['what a script returns', [['EVAL', 'return {1, "a", {}}', 0]], [[1, 'a', []]]],
    ])('give %s as JSON', async (_, commands, replies) => {
      expect(await send(source, commands)).toEqual(replies);
    });

    it('take parameters as whole words, whatever is in them', async () => {
      const value = 'x\r\nFLUSHALL\r\n$k "\' \u0000 日本';
      const replies = await send(
        source,
        [
          ['SET', '$k', '$v'],
          ['GET', '$k'],
          ['GET', 'literal:$k'],
        ],
        { args: { k: 'a key', v: value } },
      );
      expect(replies).toEqual(['OK', value, null]);
    });

    it('take an array as one word for each item, in its place, and nothing as no word', async () => {
      const args = { keys: ['a', 'b', 7], none: null, yes: true };
      await send(source, [['MSET', 'a', 1, 'b', 2, 7, '$yes']], { args });
      expect(await send(source, [['MGET', 'first', '$keys', 'last', '$none']], { args })).toEqual([
        [null, '1', '2', 'true', null],
      ]);
    });

    it('are all run when one of them fails, and the error says which and what the others did', async () => {
      const answer = send(source, [
        ['SET', 'k', 'v'],
        ['INCR', 'k'],
        ['GET', 'k'],
      ]);
      await expect(answer).rejects.toThrow(
        /command 2 \(`INCR`\) failed: ERR value is not an integer.*; the replies were \["OK",\{"error":.*\},"v"\]/,
      );
      expect(await codeOf(answer)).toBe('TOOL_FAILED');
    });

    it.each([
      [['SUBSCRIBE', 'c']],
      [['MULTI']],
      [['SELECT', 1]],
      [['AUTH', 'x']],
      [['MONITOR']],
      [['CLIENT', 'REPLY', 'OFF']],
      [['client', 'tracking', 'on']],
      [['RESET']],
    ])('%j would change the shared connection, and nothing of the call is sent', async (command) => {
      const answer = send(source, [['SET', 'k', 'v'], command]);
      await expect(answer).rejects.toThrow('would change the connection');
      expect(await server.send('EXISTS', 'k')).toBe(':0');
    });

    it('keep apart what many callers ask at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, async (_, n) =>
          send(source, [
            ['SET', `k${n}`, n],
            ['GET', `k${n}`],
          ]),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => ['OK', String(n)]));
    });
  });

  describe('limits', () => {
    it('cut a long list, with a notice', async () => {
      await send(source, [['RPUSH', 'l', '$items']], { args: { items: Array.from({ length: 50 }, (_, n) => n) } });
      const byRows = await send(
        source,
        [
          ['LRANGE', 'l', 0, -1],
          ['LLEN', 'l'],
        ],
        { run: { maxRows: 2 } },
      );
      expect(byRows).toMatchObject({
        content: [{ text: '[["0","1"],50]' }, { text: expect.stringContaining('maxRows 2') }],
      });
      const byBytes = await send(source, [['LRANGE', 'l', 0, -1]], { run: { maxBytes: 20 } });
      expect(byBytes).toMatchObject({
        content: [{ text: '[["0","1","2"]]' }, { text: expect.stringContaining('20 bytes') }],
      });
    });

    it('let a waiting command wait on a connection of its own, and stop it with its caller', async () => {
      const caller = new AbortController();
      const waiting = send(source, [['BLPOP', 'queue', 0]], { run: { signal: caller.signal } });
      const blocked = async () => server.send('INFO', 'clients');
      await vi.waitFor(async () => expect(await blocked()).toContain('blocked_clients:1'), { timeout: 10_000 });
      expect(await send(source, [['PING']])).toEqual(['PONG']);
      caller.abort(new Error('hung up'));
      await expect(waiting).rejects.toThrow('hung up');
      await vi.waitFor(async () => expect(await blocked()).toContain('blocked_clients:0'), { timeout: 10_000 });
      await server.send('RPUSH', 'queue', 'left alone');
      expect(await send(source, [['LLEN', 'queue']])).toEqual([1]);
    });

    it('time out when the server does not answer, and answer again when it does', async () => {
      const stopped = await startRedis();
      const lone = open(stopped.port);
      await send(lone, [['SET', 'k', 'v']]);
      stopped.signal('SIGSTOP');
      expect(await codeOf(send(lone, [['GET', 'k']], { run: { timeoutMs: 200 } }))).toBe('TOOL_TIMEOUT');
      stopped.signal('SIGCONT');
      expect(await send(lone, [['GET', 'k']])).toEqual(['v']);
      await stopped.stop();
    });
  });

  describe('read-only', () => {
    const readings = [
      ['GET', 'k'],
      ['HGETALL', 'h'],
      ['XREAD', 'STREAMS', 'x', '0'],
      ['MEMORY', 'USAGE', 'k'],
      ['EVAL_RO', 'return 1', 0],
    ];
    const writings = [
      ['SET', 'k', 'v'],
      ['sort', 'l', 'STORE', 'k'],
      ['EVAL', 'return redis.call("SET", "k", "v")', 0],
      ['FLUSHALL'],
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['CONFIG', 'GET', 'maxmemory'],
      ['SCRIPT', 'FLUSH'],
      ['PUBLISH', 'c', 'm'],
      ['NOSUCHCOMMAND'],
      ['GETDEL', 'k'],
    ];

    it.each([
      ['tool', { readOnly: true }, {}],
      ['source', { readOnly: false }, { readOnly: true }],
    ])('holds for a %s by what the server says of each command', async (_, call, fields) => {
      const reader = open(server.port, fields);
      for (const command of readings) await expect(send(reader, [command], call)).resolves.toBeDefined();
      for (const command of writings) {
        expect([command, await codeOf(send(reader, [['GET', 'k'], command], call))]).toEqual([command, 'READ_ONLY']);
      }
      expect(await server.send('DBSIZE')).toBe(':0');
      const script = `return redis.call('SET', 'k', 'v')`;
      await expect(send(reader, [['EVAL_RO', script, 0]], call)).rejects.toThrow('Write commands are not allowed');
    });

    it('refuses everything when the server does not tell which commands read', async () => {
      const guarded = await startRedis({ settings: ['--user', 'quiet', 'on', '>secret', '~*', '+@all', '-command'] });
      const quiet = open(guarded.port, { username: 'quiet', password: 'secret' });
      expect(await send(quiet, [['GET', 'k']])).toEqual([null]);
      expect(await codeOf(send(quiet, [['GET', 'k']], { readOnly: true }))).toBe('READ_ONLY');
      await guarded.stop();
    });
  });

  describe('the connection', () => {
    it('is refused with the wrong password, which appears nowhere', async () => {
      const guarded = await startRedis({ settings: ['--requirepass', 'right'] });
      const wrong = send(open(guarded.port, { password: 'wrong-secret' }), [['PING']]);
      await expect(wrong).rejects.toThrow(/WRONGPASS/);
      await expect(wrong).rejects.not.toThrow(/wrong-secret/);
      expect(await codeOf(wrong)).toBe('SOURCE_UNREACHABLE');
      expect(await codeOf(send(open(guarded.port), [['PING']]))).toBe('SOURCE_UNREACHABLE');
      expect(await send(open(guarded.port, { password: 'right' }), [['PING']])).toEqual(['PONG']);
      await guarded.stop();
    });

    it('says quickly that nobody is there, and finds a server that came later', async () => {
      const port = await freePort();
      const early = open(port);
      await expect(send(early, [['PING']])).rejects.toThrow(`127.0.0.1:${port}\`: connect ECONNREFUSED`);
      expect(await codeOf(early.check(new AbortController().signal))).toBe('SOURCE_UNREACHABLE');
      const late = await startRedis({ port });
      expect(await send(early, [['PING']])).toEqual(['PONG']);
      await early.check(new AbortController().signal);
      await late.stop();
      await vi.waitFor(async () => expect(await codeOf(send(early, [['PING']]))).toBe('SOURCE_UNREACHABLE'));
      const again = await startRedis({ port });
      expect(await send(early, [['PING']])).toEqual(['PONG']);
      await again.stop();
    });

    it('goes to the first address that answers, and to the database it is told', async () => {
      const config = { address: [`127.0.0.1:${await freePort()}`, `127.0.0.1:${server.port}`], database: 3 };
      await send(open(server.port, config), [['SET', 'k', 'in three']]);
      expect(await server.send('GET', 'k')).toBe('$-1');
      expect(await send(open(server.port, config), [['GET', 'k']])).toEqual(['in three']);
    });

    it('verifies the certificate unless told otherwise', async () => {
      const authority = testAuthority('Test CA');
      const issued = authority.issue(['localhost']);
      for (const [name, text] of Object.entries({
        'ca.pem': authority.cert,
        'cert.pem': issued.cert,
        'key.pem': issued.key,
      })) {
        writeFileSync(join(directory, name), text);
      }
      const port = await freePort();
      const file = (name: string) => join(directory, name);
      const files = [
        '--tls-cert-file',
        file('cert.pem'),
        '--tls-key-file',
        file('key.pem'),
        '--tls-ca-cert-file',
        file('ca.pem'),
      ];
      const secured = await startRedis({
        port,
        settings: ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files],
      });
      const ping = async (fields: object) => send(open(port, { ...fields }), [['PING']]);
      expect(await ping({ address: [`localhost:${port}`], tls: { ca: 'ca.pem' } })).toEqual(['PONG']);
      expect(await ping({ tls: { ca: 'ca.pem', serverName: 'localhost' } })).toEqual(['PONG']);
      expect(await ping({ tls: { mode: 'require' } })).toEqual(['PONG']);
      expect(await codeOf(ping({ tls: { ca: 'ca.pem' } }))).toBe('SOURCE_UNREACHABLE');
      expect(await codeOf(ping({ tlsEnabled: true, address: [`localhost:${port}`] }))).toBe('SOURCE_UNREACHABLE');
      await secured.stop();
    });

    it.each(['redis', 'valkey'] as const)('reaches a cluster as %s', async (type) => {
      const node = await startRedis({ settings: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
      await node.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await vi.waitFor(async () => expect(await node.send('CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
        timeout: 20_000,
      });
      const cluster = open(node.port, type === 'redis' ? { clusterEnabled: true } : {}, type);
      expect(
        await send(cluster, [
          ['SET', 'a', 1],
          ['SET', 'b', 2],
          ['GET', 'a'],
        ]),
      ).toEqual(['OK', 'OK', '1']);
      expect(await codeOf(send(cluster, [['SET', 'a', 1]], { readOnly: true }))).toBe('READ_ONLY');
      await cluster.close();
      await node.stop();
    });

    it('lets running calls end when it is closed, and refuses later ones', async () => {
      const closing = open(server.port);
      const answer = send(closing, [
        ['SET', 'k', 'v'],
        ['GET', 'k'],
      ]);
      await Promise.all([closing.close(), closing.close()]);
      expect(await answer).toEqual(['OK', 'v']);
      expect(await codeOf(send(closing, [['PING']]))).toBe('SOURCE_UNREACHABLE');
    });
  });
});

describe('the configuration of redis', () => {
  it.each([
    ['127.0.0.1:6380', { host: '127.0.0.1', port: 6380 }],
    ['cache.example', { host: 'cache.example', port: 6379 }],
    ['[::1]:7000', { host: '::1', port: 7000 }],
  ])('reads the address %s', (address, expected) => {
    expect(redisSchema.parse({ address: [address] }).address).toEqual([expected]);
  });

  it.each([
    [{ address: ['redis://cache:6379'] }, 'is not an address'],
    [{ address: ['cache:99999'] }, 'is not an address'],
    [{ address: [] }, 'at least one address'],
    [{ address: ['cache'], useGCPIAM: true }, 'Google Cloud IAM is not available'],
    [{ address: ['cache'], clusterEnabled: true, database: 1 }, 'only database 0'],
    [{ address: ['cache'], tls: { mode: 'prefer' } }, 'write `require` or `disable`'],
    [{ address: ['cache'], tls: {}, tlsEnabled: true }, 'keep one of them'],
    [{ address: ['cache'], adress: ['x'] }, 'adress'],
  ])('refuses %j', (config, words) => {
    expect(() => redisSchema.parse(config)).toThrow(words);
  });

  it('takes the fields of Toolbox’s valkey', () => {
    const config = valkeySchema.parse({
      address: ['a:1', 'b:2'],
      username: '',
      password: '',
      database: 0,
      useGCPIAM: false,
      disableCache: true,
    });
    expect(config).toMatchObject({ cluster: 'detect', username: undefined });
  });
});

describe('the commands of a tool', () => {
  const build = (commands: unknown[][], parameters: ParameterDeclaration[]) => {
    const context = {
      name: 't',
      directory: '.',
      source: open(1),
      sourceName: 's',
      parameters,
      templateParameters: [],
      readOnly: false,
    };
    return commandTool('redis').build({ commands: commands as string[][] }, context);
  };

  it('name parameters that there are', () => {
    expect(() => build([['SET', '$key', '$vlaue']], [parameter('key'), parameter('value')])).toThrow(
      '`$vlaue` names no parameter of the tool; did you mean `value`?',
    );
    expect(() => build([['GET', '$k']], [])).toThrow(ConfigurationFault);
  });

  it.each([
    [[['JSON.GET', 'k', '$']], []],
    [[['JSON.GET', 'k', '$.a']], []],
    [[['GET', 'user:$id']], ['a placeholder is a whole word, `$id`']],
    [[['$id']], ['callers choose the command themselves']],
  ])('%j is warned of as %j', (commands, warnings) => {
    const found = build(commands, [parameter('id')]).warnings;
    expect(found).toEqual(warnings.map((warning) => expect.stringContaining(warning)));
  });
});
