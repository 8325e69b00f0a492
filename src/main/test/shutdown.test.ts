/** How a server ends: what runs may end, what waits is told, nothing takes longer than the grace. */
import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { Agent, request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const MODULE = `
import { defineTool } from 'chatelaine/module';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const quick = defineTool({ handler: () => 'quick' });
export const slow = defineTool({ handler: async (_, { progress }) => { progress(1); await sleep(1500); return 'slow'; } });
export const stubborn = defineTool({ handler: () => { setInterval(() => {}, 1000); return new Promise(() => {}); } });
export const noisy = defineTool({ handler: () => { console.log('to standard output'); console.info('too'); return 'noisy'; } });
export const stray = defineTool({ handler: () => { void Promise.reject(new Error('a stray rejection')); return 'stray'; } });
`;
const NAMES = ['quick', 'slow', 'stubborn', 'noisy', 'stray'];
const configuration = (grace: string): string => `kind: server
limits: { shutdownGrace: ${grace} }
metrics: false
---
kind: source
name: tools
type: module
path: tools.ts
${NAMES.map((name) => `---\nkind: tool\nname: ${name}\ntype: module\nsource: tools\ndescription: The tool ${name}.\n`).join('')}`;

let place: Workspace;
let server: RunningServer | undefined;
let key = '';
beforeEach(() => {
  place = workspace();
  place.write('tools.ts', MODULE);
  place.write('tools.yaml', configuration('30s'));
});
afterEach(async () => {
  await server?.stop('SIGKILL');
  server = undefined;
  place.remove();
});

const options = (): string[] => ['--config', place.file('tools.yaml'), '--data-dir', place.dataDir];

async function serve(): Promise<RunningServer> {
  server = await start(options());
  key = (await makeKey(place.dataDir)).key;
  return server;
}

const call = (name: string, body: object = {}): Promise<Response> =>
  fetch(`${server?.url}/mcp`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, ...body } }),
  });

async function timed<Value>(work: Promise<Value>): Promise<[value: Value, seconds: number]> {
  const started = performance.now();
  return [await work, (performance.now() - started) / 1000];
}

describe('SIGTERM', () => {
  it('lets a call and a streaming call end, closes their connections at once, and exits 0', async () => {
    const { stop, stderr } = await serve();
    const plain = call('slow');
    const streaming = call('slow', { _meta: { progressToken: 1 } });
    expect((await streaming).headers.get('content-type')).toBe('text/event-stream');
    const ended = timed(stop());
    expect(await (await plain).json()).toMatchObject({ result: { content: [{ text: 'slow' }] } });
    expect(await (await streaming).text()).toMatch(/"progress":1[\s\S]*"text":"slow"/);
    const [code, seconds] = await ended;
    expect(code).toBe(0);
    // The calls take a second and a half; nobody waits out the grace for connections that do nothing.
    expect(seconds).toBeLessThan(20);
    expect(stderr()).toContain('"event":"ended"');
  });

  it('does not wait for connections that are only kept open', async () => {
    const { url, stop } = await serve();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      httpRequest(`${url}/healthz`, { agent }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    const silent = createConnection(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const [code, seconds] = await timed(stop());
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(20);
    agent.destroy();
    silent.destroy();
  });

  it('is done after the grace, whatever a tool does', async () => {
    place.write('tools.yaml', configuration('2s'));
    const { stop, stderr } = await serve();
    const stubborn = call('stubborn').catch(() => 'cut');
    await expect.poll(async () => (await call('quick')).status).toBe(200);
    const [code, seconds] = await timed(stop());
    expect(await stubborn).toBe('cut');
    expect(code).toBe(0);
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(10);
    expect(stderr()).toContain('"event":"ended"');
  });

  it('that comes twice ends at once, with 130', async () => {
    const { stop, stderr } = await serve();
    const stubborn = call('stubborn').catch(() => 'cut');
    await expect.poll(async () => (await call('quick')).status).toBe(200);
    const ended = timed(stop());
    await expect.poll(stderr).toContain('"event":"ending"');
    void stop();
    const [code, seconds] = await ended;
    expect([code, await stubborn]).toEqual([130, 'cut']);
    expect(seconds).toBeLessThan(20);
  });
});

describe('a module’s mistakes', () => {
  it('a rejection that nobody awaits is logged, and ends no server', async () => {
    const { stderr } = await serve();
    expect((await call('stray')).status).toBe(200);
    await expect.poll(stderr).toContain('a stray rejection');
    expect((await call('quick')).status).toBe(200);
  });

  it('printing to standard output does not break the protocol there', async () => {
    const child = spawn(COMMAND, ['serve', '--stdio', ...options()], { stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"noisy"}}\n');
    await expect.poll(() => out, { timeout: 20_000 }).toContain('"id":1');
    child.stdin.end();
    expect(await exited).toBe(0);
    for (const line of out.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    expect(err).toContain('to standard output');
  });
});

describe('serve --stdio', () => {
  const open = () => {
    const child = spawn(COMMAND, ['serve', '--stdio', ...options()], { stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const said = (text: string) => expect.poll(() => out, { timeout: 20_000 }).toContain(text);
    const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    return { child, exited, said, send, out: () => out };
  };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };

  it('ends with 0 when its input ends, soon, even while a tool does not listen', async () => {
    place.write('tools.yaml', configuration('2s'));
    const { child, exited, said, send } = open();
    send({ id: 1, method: 'tools/call', params: { name: 'stubborn' } });
    send({ id: 2, method: 'tools/call', params: { name: 'quick' } });
    await said('"id":2');
    child.stdin.end();
    const [code, seconds] = await timed(exited);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(10);
  });

  it('ends with 0 on SIGTERM, and closes its subscriptions with their result', async () => {
    const { child, exited, said, send, out } = open();
    send({ id: 's', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta } });
    await said('acknowledged');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(out()).toMatch(/"id":"s","result":\{[^\n]*"resultType":"complete"/);
  });
});

describe('a start that fails', () => {
  it.each([
    ['an unknown log level', ['--log-level', 'loud'], /loud/, 2],
    ['a data directory that is a file', ['--data-dir', 'tools.yaml'], /tools\.yaml/, undefined],
  ])('because of %s says so and ends', async (_, more, says, wanted) => {
    const args = ['serve', '--config', place.file('tools.yaml'), '--data-dir', place.dataDir, ...more];
    const { code, stderr } = await run(args, { cwd: place.folder });
    expect(code).not.toBe(0);
    if (wanted !== undefined) expect(code).toBe(wanted);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('UNEXPECTED');
  });
});
