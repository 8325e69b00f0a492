import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Configuration } from '#contract';
import { silentLogger } from '#kernel';
import type { Resource } from '../../snapshot.ts';
import { configurationOf, testCall } from '../../test/toolbox.fixture.ts';
import { openResource, openResourceTemplate } from '../index.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'resources-'));
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write('data/a.md', '# a');
  write('data/sub/b c.txt', 'b');
  write('data/.env', 'PASSWORD=x');
  write('data/ten.txt', '0123456789');
  write('data/pixel.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]));
  write('data/latin1.txt', Buffer.from([0x5a, 0xfc]));
  write('data/%2e%2e/odd.txt', 'odd');
  write('data-secret/key.txt', 'secret');
  write('outside.txt', 'secret');
  symlinkSync(join(root, 'outside.txt'), join(root, 'data/leak.txt'));
  symlinkSync(join(root, 'data-secret'), join(root, 'data/leaks'));
  symlinkSync('a.md', join(root, 'data/link.md'));
  symlinkSync('loop', join(root, 'data/loop'));
  execFileSync('mkfifo', [join(root, 'data/pipe')]);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const load = (yaml: string): Configuration => configurationOf(yaml, [], root);

function template(fields: string) {
  const [declared] = load(`kind: resourceTemplate\nname: t\ntype: file\n${fields}`).resourceTemplates;
  if (declared === undefined) throw new Error('nothing declared');
  return openResourceTemplate(declared);
}

function resource(fields: string): Resource {
  const [declared] = load(`kind: resource\nname: r\n${fields}`).resources;
  if (declared === undefined) throw new Error('nothing declared');
  return openResource(declared, silentLogger);
}

/** What a client gets at a URI: the contents, or the code of the refusal. */
async function read(of: ReturnType<typeof template>, uri: string): Promise<unknown> {
  const variables = of.match(uri);
  if (variables === undefined) return 'NO_MATCH';
  try {
    const [contents] = await of.read(uri, variables, testCall());
    return contents;
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

describe('a file of the folders is read', () => {
  test.each([
    ['docs://a.md', { uri: 'docs://a.md', mimeType: 'text/markdown', text: '# a' }],
    ['docs://sub/b%20c.txt', { uri: 'docs://sub/b%20c.txt', mimeType: 'text/plain', text: 'b' }],
    ['docs://sub%2Fb%20c.txt', { uri: 'docs://sub%2Fb%20c.txt', mimeType: 'text/plain', text: 'b' }],
    ['docs://pixel.png', { uri: 'docs://pixel.png', mimeType: 'image/png', blob: 'iVBORwA=' }],
    ['docs://latin1.txt', { uri: 'docs://latin1.txt', mimeType: 'text/plain', blob: 'Wvw=' }],
    // A link that stays inside is as good as a file.
    ['docs://link.md', { uri: 'docs://link.md', mimeType: 'text/markdown', text: '# a' }],
    // `%252e` is the text `%2e`: a name like any other.
    ['docs://%252e%252e/odd.txt', { uri: 'docs://%252e%252e/odd.txt', mimeType: 'text/plain', text: 'odd' }],
  ])('%s', async (uri, contents) => {
    expect(await read(template('uriTemplate: docs://{path}\nallowedPaths: [data]'), uri)).toEqual(contents);
  });

  test('under the path that a `file:` URI spells', async () => {
    const absolute = template(`uriTemplate: file://${root}/data/{path}`);
    expect(await read(absolute, `file://${root}/data/a.md`)).toMatchObject({ text: '# a' });
    const free = template('uriTemplate: file://{path}\nallowedPaths: [data]');
    expect(await read(free, `file://${root}/data/a.md`)).toMatchObject({ text: '# a' });
    expect(await read(free, `file://${root}/outside.txt`)).toBe('RESOURCE_NOT_FOUND');
  });
});

describe('nothing else is (MCP-036)', () => {
  test.each([
    'docs://../outside.txt',
    'docs://..%2foutside.txt',
    'docs://%2e%2e/outside.txt',
    'docs://sub/../../outside.txt',
    'docs://sub/..',
    'docs://./a.md',
    'docs://sub//b%20c.txt',
    'docs://..%5coutside.txt',
    'docs://../data-secret/key.txt',
    'docs://leak.txt',
    'docs://leaks/key.txt',
    'docs://loop',
    'docs://pipe',
    'docs://sub',
    'docs://.env',
    'docs://a.md::$DATA',
    'docs://C:%5CWindows%5Cwin.ini',
    'docs://%5c%5chost%5cshare',
    'docs:///etc/passwd',
    'docs://a.md%00.png',
    'docs://missing.txt',
  ])('%s', async (uri) => {
    expect(await read(template('uriTemplate: docs://{path}\nallowedPaths: [data]'), uri)).toBe('RESOURCE_NOT_FOUND');
  });

  test.each(['FILE:///a.md', 'docs://a.md?x', 'docs://a.md#x', 'docs://%zz', 'other://a.md'])(
    '%s is no URI of the template',
    async (uri) => {
      expect(await read(template('uriTemplate: docs://{path}\nallowedPaths: [data]'), uri)).toBe('NO_MATCH');
    },
  );

  test('a file over the limit, also when it is exactly one byte', async () => {
    const limited = (maxSize: number) =>
      template(`uriTemplate: docs://{path}\nallowedPaths: [data]\nmaxSize: ${maxSize}`);
    expect(await read(limited(10), 'docs://ten.txt')).toMatchObject({ text: '0123456789' });
    expect(await read(limited(9), 'docs://ten.txt')).toBe('RESOURCE_TOO_LARGE');
  });

  test('without folders, unless the URI names one', () => {
    expect(() => template('uriTemplate: docs://{path}')).toThrow('`allowedPaths` is missing');
    expect(() => template('uriTemplate: file:///{path}')).toThrow('`allowedPaths` is missing');
  });
});

test('paths are completed inside the folders, hidden ones and ways out left out', async () => {
  const docs = template('uriTemplate: docs://{path}\nallowedPaths: [data]');
  expect(await docs.complete('path', 's', {})).toEqual(['sub/']);
  expect(await docs.complete('path', 'sub/', {})).toEqual(['sub/b c.txt']);
  expect(await docs.complete('path', '.', {})).toEqual([]);
  expect(await docs.complete('path', '../', {})).toEqual([]);
  expect(await docs.complete('path', 'leaks/', {})).toEqual([]);
});

test('what the template ends with belongs to the file and not to the value', async () => {
  const texts = template('uriTemplate: docs://{path}.txt\nallowedPaths: [data]');
  expect(await read(texts, 'docs://ten.txt')).toMatchObject({ text: '0123456789' });
  expect(await texts.complete('path', 't', {})).toEqual(['ten']);
});

describe('a resource', () => {
  test('of text is what the configuration says, at the address that Toolbox gives it', async () => {
    const found = resource('type: text\ntext: hello\ntitle: T');
    expect(found).toMatchObject({ uri: 'text://r', mimeType: 'text/plain', size: 5, title: 'T' });
    expect(await found.read(testCall())).toEqual([{ uri: 'text://r', mimeType: 'text/plain', text: 'hello' }]);
  });

  test('that is an app carries what its host must know', async () => {
    const found = resource(
      'type: text\ntext: <p>\nui: true\npermissions: [camera]\ncsp: { connectDomains: [https://a.test] }',
    );
    const ui = { csp: { connectDomains: ['https://a.test'] }, permissions: { camera: {} } };
    expect(await found.read(testCall())).toEqual([
      { uri: 'ui://r', mimeType: 'text/html;profile=mcp-app', text: '<p>', _meta: { ui } },
    ]);
  });

  test('of a file stays in the folder of its configuration when its path is relative', async () => {
    await expect(resource('type: file\npath: data/a.md').read(testCall())).resolves.toMatchObject([
      { text: '# a', mimeType: 'text/markdown' },
    ]);
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'x.txt'), 'x');
    symlinkSync(join(outside, 'x.txt'), join(root, 'way-out.txt'));
    await expect(resource('type: file\npath: way-out.txt').read(testCall())).rejects.toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
    });
    await expect(resource(`type: file\npath: ${outside}/x.txt`).read(testCall())).resolves.toMatchObject([
      { text: 'x' },
    ]);
    rmSync(outside, { recursive: true });
  });
});

describe('a watched file', () => {
  /** Counts the changes that a watcher tells of. */
  async function watching(path: string): Promise<{ count: () => number; stop: () => void }> {
    let changes = 0;
    const until = new AbortController();
    resource(`type: file\npath: ${path}`).watch?.(() => changes++, until.signal);
    // The watch is set when a change of ours is seen; before that nothing is promised.
    writeFileSync(join(root, path), 'begin');
    await vi.waitFor(
      () => {
        writeFileSync(join(root, path), `begin ${Math.random()}`);
        expect(changes).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 50 },
    );
    return { count: () => changes, stop: () => until.abort() };
  }

  test('tells of a write, of an atomic replacement and of the one after it', async () => {
    writeFileSync(join(root, 'w.txt'), '1');
    const { count, stop } = await watching('w.txt');
    for (const text of ['two', 'three']) {
      const before = count();
      writeFileSync(join(root, 'w.tmp'), text);
      renameSync(join(root, 'w.tmp'), join(root, 'w.txt'));
      await vi.waitFor(() => expect(count()).toBeGreaterThan(before), { timeout: 20_000 });
    }
    stop();
  });

  test('tells of a swap of the link that leads to it, as Kubernetes makes them', async () => {
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(root, 'map', version), { recursive: true });
      writeFileSync(join(root, 'map', version, 'k.txt'), version);
    }
    symlinkSync('v1', join(root, 'map/..data'));
    symlinkSync('..data/k.txt', join(root, 'map/k.txt'));
    const { count, stop } = await watching('map/k.txt');
    const before = count();
    symlinkSync('v2', join(root, 'map/..new'));
    renameSync(join(root, 'map/..new'), join(root, 'map/..data'));
    await vi.waitFor(() => expect(count()).toBeGreaterThan(before), { timeout: 20_000 });
    stop();
  });

  test('tells of nothing after the signal', async () => {
    writeFileSync(join(root, 'q.txt'), '1');
    const { count, stop } = await watching('q.txt');
    stop();
    const before = count();
    unlinkSync(join(root, 'q.txt'));
    writeFileSync(join(root, 'q.txt'), 'again');
    await new Promise((resolve) => void setTimeout(resolve, 100));
    expect(count()).toBe(before);
  });
});
