import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, silentLogger } from '#kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { argumentVector } from '../stdio/argument-vector.ts';
import { environmentOf } from '../stdio/environment.ts';
import { lineReader } from '../stdio/lines.ts';
import { RestartPace } from '../stdio/restart-pace.ts';
import type { ProcessPlan } from '../stdio/process-plan.ts';
import type { StdioTarget } from '../target.ts';
import { closeAll, open, stdioTarget } from './reference-servers.fixture.ts';
import { call } from './server-connection.contract.ts';

afterEach(closeAll);

const plan = (more: Partial<ProcessPlan>): ProcessPlan => ({
  command: 'server',
  args: [],
  env: {},
  directory: '/d',
  ...more,
});

/** A server of a few lines, which says what it is told to. */
function program(code: string, more: Partial<ProcessPlan> = {}): StdioTarget {
  const target = stdioTarget('session', { args: ['-e', PREAMBLE + code], ...more });
  return { ...target, protocol: 'session' };
}

const PREAMBLE = `
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') answer(id, { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } });
  else if (method === 'tools/call') called(id, params);
});
`;

describe('the environment of a server’s process', () => {
  it('holds nothing of ours', async () => {
    process.env['CHATELAINE_TEST_SECRET'] = 'x';
    const target = program('const called = (id) => answer(id, { env: process.env, cwd: process.cwd() });', {
      env: { MINE: '1' },
    });
    const result = await call(await open(target), 'x');
    delete process.env['CHATELAINE_TEST_SECRET'];
    const { directory } = target.process;
    expect(result['env']).toEqual({
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: directory,
      TMPDIR: directory,
      MINE: '1',
    });
    expect(result['cwd']).toBe(directory);
  });

  it.each([
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'node_options',
    'PYTHONPATH',
    'BASH_ENV',
    'JAVA_TOOL_OPTIONS',
    'GIT_SSH_COMMAND',
    'GLIBC_TUNABLES',
  ])('has %s, which changes what code runs, only where the document itself names it', (name) => {
    expect(() => environmentOf('s', plan({ env: { [name]: 'v' } }))).toThrow(`\`${name}\` changes which code it runs`);
    expect(environmentOf('s', plan({ env: { [name]: 'v' }, allowedLoaderVariables: [name] }))).toHaveProperty(
      name,
      'v',
    );
  });

  it.each([
    ['A=B', 'v'],
    ['', 'v'],
    ['A', 'v\0w'],
  ])('has no variable %j with %j', (name, value) =>
    expect(() => environmentOf('s', plan({ env: { [name]: value } }))).toThrow('cannot be a variable'),
  );
});

describe('the argument vector of a server’s process', () => {
  it('is the program’s own, with nothing that a shell would read', async () => {
    const target = program('const called = (id) => answer(id, { argv: process.argv.slice(1) });');
    const args = [...target.process.args, '$(touch /tmp/pwned)', '; exit', "'"];
    const result = await call(await open({ ...target, process: { ...target.process, args } }), 'x');
    expect(result['argv']).toEqual(['$(touch /tmp/pwned)', '; exit', "'"]);
  });

  it('keeps resource limits, by `prlimit` before the program', async () => {
    expect(argumentVector('s', plan({ args: ['a'], limits: { openFiles: 64, cpuSeconds: 5 } }), ['/bin/true'])).toEqual(
      {
        command: '/bin/true',
        args: ['--cpu=5:5', '--nofile=64:64', '--', 'server', 'a'],
      },
    );
    const code =
      "const called = (id) => answer(id, { limits: require('node:fs').readFileSync('/proc/self/limits', 'utf8') });";
    const result = await call(await open(program(code, { limits: { openFiles: 97 } })), 'x');
    expect(result['limits']).toMatch(/Max open files +97 +97/);
  });

  it('is refused where limits are wanted that nothing here keeps', () =>
    expect(() => argumentVector('s', plan({ limits: { openFiles: 64 } }), ['/nowhere/prlimit'])).toThrow(
      'cannot be kept here',
    ));

  it.each(['', '--help', 'a\0b'])('does not start with %j', (command) =>
    expect(() => argumentVector('s', plan({ command }))).toThrow('cannot be the name of a program'),
  );
});

describe('lines', () => {
  it.each([
    ['in one chunk', ['a\nb\n'], ['a', 'b']],
    ['over chunks', ['a', 'b\nc', '\n'], ['ab', 'c']],
    ['with carriage returns and empty ones', ['a\r\n\r\n\nb\n'], ['a', 'b']],
    ['through a character in two halves', [Buffer.from('é\n').subarray(0, 1), Buffer.from('é\n').subarray(1)], ['é']],
  ])('%s', (_, chunks, lines) => {
    const heard: string[] = [];
    const read = lineReader(10, (bytes) => heard.push(bytes.toString()));
    for (const chunk of chunks) expect(read(Buffer.from(chunk as string))).toBe(true);
    expect(heard).toEqual(lines);
  });

  it.each([['x'.repeat(11)], [`${'x'.repeat(11)}\n`]])('end the reading where one has no end', (text) =>
    expect(lineReader(10, () => {})(Buffer.from(text))).toBe(false),
  );
});

describe('a server’s process', () => {
  it('that dies loses what runs, and says so once', async () => {
    const connection = await open(stdioTarget('session'));
    const ended = Promise.withResolvers<Error>();
    connection.onEnd(ended.resolve);
    await expect(call(connection, 'die')).rejects.toMatchObject({ code: 'SERVER_LOST' });
    expect((await ended.promise).message).toBe('the process of `reference` ended (exit code 3)');
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'SERVER_CONNECTION_ENDED' });
  });

  it('that is not there is told with its name', async () => {
    await expect(open(stdioTarget('session', { command: 'no-such-program' }))).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('no-such-program'),
    });
  });

  it('that knows nothing of discovery and says nothing gets a session (MCP 2026-07-28, stdio)', async () => {
    const target = program('const called = (id) => answer(id, {});');
    const connection = await open({ ...target, protocol: 'auto', probeMs: 500 });
    expect(connection.era).toBe('session');
    await expect(call(connection, 'x')).resolves.toEqual({});
  });

  it('that writes without end is ended', async () => {
    const target = program(
      "const called = () => { const more = () => process.stdout.write('x'.repeat(65536), more); more(); };",
    );
    const connection = await open({ ...target, limits: { maxMessageBytes: 1_000_000 } });
    await expect(call(connection, 'x')).rejects.toThrow('a message of more than 976.6 KiB');
  });

  it('is ended by force when it does not listen, and what it started with it', async () => {
    const code = `
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      const called = (id) => answer(id, { own: process.pid, child: child.pid });
    `;
    const connection = await open(program(code, { graceMs: 200 }));
    const { own, child } = (await call(connection, 'x')) as { own: number; child: number };
    await connection.close();
    for (const pid of [own, child]) await expect.poll(() => runs(pid), { timeout: 10_000 }).toBe(false);
  });

  it('has what it writes to standard error in the log, at a bounded rate', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
    const code =
      "const called = (id) => { for (let at = 0; at < 500; at++) console.error('line ' + at + 'x'.repeat(5000)); answer(id, {}); };";
    const connection = await open(program(code), {}, { log });
    await call(connection, 'x');
    await connection.close();
    const written = lines
      .map((line) => JSON.parse(line) as { stderr?: string })
      .filter(({ stderr }) => stderr !== undefined);
    expect(written).toHaveLength(50);
    expect(written[0]?.stderr).toHaveLength(2000);
  });

  it('that keeps ending is started again later each time', async () => {
    const clock = { time: 1_000_000, now: () => clock.time };
    const pace = new RestartPace(clock, () => 1);
    const target = {
      ...stdioTarget('session', { args: ['-e', 'process.exit(1)'] }),
      pace,
      protocol: 'session' as const,
    };
    const start = (): Promise<unknown> => open(target, {}, { clock, log: silentLogger });
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_LOST' });
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_LOST' });
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_RESTING', details: { retryAfterSeconds: 1 } });
    clock.time += 1000;
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_LOST' });
    await expect(start()).rejects.toMatchObject({ code: 'SERVER_RESTING', details: { retryAfterSeconds: 2 } });
  });

  it('that closes quietly when its input ends is not made to', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'chatelaine-quiet-'));
    const file = join(scratch, 'went');
    const code = `const called = (id) => answer(id, {}); process.stdin.on('end', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, 'by itself'));`;
    const connection = await open(program(code, { graceMs: 20_000 }));
    await connection.close();
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('by itself');
    rmSync(scratch, { recursive: true });
  });

  it.runIf(process.getuid?.() === 0)('runs as another user where it is to', async () => {
    const directory = join(tmpdir(), `chatelaine-uid-${process.pid}`);
    const code = `const called = (id) => answer(id, { uid: process.getuid(), gid: process.getgid(), groups: process.getgroups() });`;
    const connection = await open(program(code, { uid: 65534, gid: 65534, directory }));
    await expect(call(connection, 'x')).resolves.toMatchObject({ uid: 65534, gid: 65534 });
    await connection.close();
    rmSync(directory, { recursive: true });
  });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that ended and waits to be noticed does not run.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
