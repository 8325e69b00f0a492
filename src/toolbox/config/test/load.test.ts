import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveal, Secret } from '#kernel';
import { loadConfiguration } from '../load.ts';
import { catalog, GOOD, input, load, loaded, problemsOf } from './load.fixture.ts';

const FLAT = `kind: source
name: my-pg
type: postgres
host: 127.0.0.1
port: 5432
user: app
password: hunter2
database: flights
---
kind: tool
name: search_flights
type: postgres-sql
source: my-pg
description: Finds flights.
parameters:
  - name: airline
    type: string
    description: Two letters.
statement: SELECT * FROM flights WHERE airline = $1
---
kind: toolset
name: travel
tools:
  - search_flights
---
kind: prompt
name: review
description: Reviews code.
messages:
  - content: "Review {{.code}}"
arguments:
  - name: code
    description: The code.
`;

const NESTED = `sources:
  my-pg:
    kind: postgres
    host: 127.0.0.1
    port: 5432
    user: app
    password: hunter2
    database: flights
tools:
  search_flights:
    kind: postgres-sql
    source: my-pg
    description: Finds flights.
    parameters:
      - name: airline
        type: string
        description: Two letters.
    statement: SELECT * FROM flights WHERE airline = $1
toolsets:
  travel:
    - search_flights
prompts:
  review:
    description: Reviews code.
    messages:
      - content: "Review {{.code}}"
    arguments:
      - name: code
        description: The code.
`;

/** A configuration without its places, and with its secrets to be compared. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member: unknown) => {
      if (member instanceof Secret) return `secret ${reveal(member)}`;
      return key === 'origin' || key === 'directory' ? undefined : member;
    }).replaceAll('"[secret]"', '"secret"'),
  );

describe('loading', () => {
  it('reads the older nested form as the same configuration', () => {
    expect(plain(loaded(NESTED))).toEqual(plain(loaded(FLAT)));
    expect(loaded(FLAT).tools).toMatchObject([
      { name: 'search_flights', source: 'my-pg', parameters: [{ name: 'airline' }] },
    ]);
  });

  it('reads the plural kinds that Toolbox once wrote', () => {
    expect(plain(loaded(FLAT.replace(/^kind: (\w+)$/gm, 'kind: $1s')))).toEqual(plain(loaded(FLAT)));
  });

  it('fills in what is not said', () => {
    const { server, groups, tools, prompts } = loaded(
      `${GOOD}kind: group\nname: g\n---\nkind: prompt\nname: p\nmessages: [{content: Hello}]\n`,
    );
    expect(server).toMatchObject({ host: '127.0.0.1', port: 7420, metrics: { port: 7421 }, toolsPageSize: 1000 });
    expect(groups).toMatchObject([{ ttlMs: 300_000, cacheScope: 'private', namespace: 'default' }]);
    expect(tools).toMatchObject([{ parameters: [], authRequired: [], scopesRequired: [], readOnly: false }]);
    expect(prompts).toMatchObject([{ type: 'custom', messages: [{ role: 'user', content: 'Hello' }], arguments: [] }]);
  });

  it('keeps the fields of the type apart from those of every tool', () => {
    const [tool] = loaded(GOOD).tools;
    expect(tool?.fields).toEqual({ statement: 'SELECT 1', unsafeTemplate: false });
    expect(tool).not.toHaveProperty('statement');
  });

  it('gives times in milliseconds and sizes in bytes', () => {
    const { tools } = loaded(`${GOOD.slice(0, -4)}timeout: 1m30s\nmaxBytes: 2KiB\nmaxRows: 5\n`);
    expect(tools).toMatchObject([{ timeout: 90_000, maxBytes: 2048, maxRows: 5 }]);
  });

  it('merges files in their order, and keeps the folder of each for relative paths', () => {
    const more = { ...input('b.yaml', 'kind: source\nname: other\ntype: sqlite\ndatabase: y.db\n'), directory: '/srv' };
    const result = loadConfiguration([input('a.yaml', GOOD), more], { env: {}, catalog });
    expect(result).toMatchObject({
      value: {
        configuration: {
          sources: [
            { name: 'db', directory: '/etc/chatelaine' },
            { name: 'other', directory: '/srv' },
          ],
        },
      },
    });
  });

  it('knows the place of any field, long after', () => {
    const { tools, prompts } = loaded(NESTED);
    expect(tools[0]?.origin).toEqual({ file: 't.yaml', line: 10, column: 3 });
    expect(tools[0]?.locate(['statement'])).toMatchObject({ line: 18, column: 16 });
    expect(tools[0]?.locate(['parameters', 0, 'type'])).toMatchObject({
      line: 16,
      column: 15,
      excerpt: expect.stringContaining('^') as string,
    });
    expect(prompts[0]?.locate(['messages', 0, 'nowhere', 3])).toMatchObject({ line: 26, column: 9 });
  });

  it.each(['', '# only a comment\n---\n---\n'])(
    'refuses files that hold no document, such as one caught before it was written: %j',
    (text) => {
      expect(() => loaded(text)).toThrow('NOTHING_DECLARED');
    },
  );

  it('reads files with a byte order mark and with Windows line ends', () => {
    expect(plain(loaded(`\ufeff${FLAT.replaceAll('\n', '\r\n')}`))).toEqual(plain(loaded(FLAT)));
  });

  it('warns when /metrics is open to other machines', () => {
    const result = load('kind: server\nmetrics: {host: 0.0.0.0}\n');
    expect(result).toMatchObject({ value: { warnings: [{ line: 2, column: 17, code: 'UNENFORCEABLE' }] } });
  });
});

describe('the reading of scalars', () => {
  const SOURCE = 'kind: source\nname: s\ntype: postgres\nhost: h\nuser: u\n';

  const fields = (text: string, env = {}) => loaded(SOURCE + text, env).sources[0]?.fields as Record<string, unknown>;

  it('gives text where text is wanted, letter by letter', () => {
    const read = fields('database: 0123\npassword: 1.50\nqueryParams: {application_name: true, connect_timeout: 10}\n');
    expect(read).toMatchObject({ database: '0123', queryParams: { application_name: 'true', connect_timeout: '10' } });
    expect(reveal(read['password'] as Secret)).toBe('1.50');
  });

  it('gives a number where one is wanted and the environment spells one', () => {
    expect(fields('database: d\npassword: p\nport: ${PORT}\nreadOnly: ${RO:true}\n', { PORT: '6432' })).toMatchObject({
      port: 6432,
      readOnly: true,
    });
  });

  it('leaves digits of the environment text where text is wanted', () => {
    const read = fields('database: ${DB}\npassword: ${PW}\n', { DB: '2024', PW: '0042' });
    expect(read['database']).toBe('2024');
    expect(reveal(read['password'] as Secret)).toBe('0042');
  });

  it('takes no number from quotes, nor from a piece of the environment', () => {
    expect(problemsOf(`${SOURCE}database: d\npassword: p\nport: "\${PORT}"\n`, { PORT: '1' })).toHaveLength(1);
    expect(problemsOf(`${SOURCE}database: d\npassword: p\nport: 5\${PORT}\n`, { PORT: '1' })).toHaveLength(1);
  });

  it('takes an empty variable for an absent field where text would not do', () => {
    expect(fields('database: d\npassword: p\nport: ${PORT:}\nqueryParams: ${PARAMS:}\n')).toMatchObject({ port: 5432 });
  });

  it('reads defaults of parameters by the type of the parameter', () => {
    const parameters =
      'parameters:\n  - {name: a, type: integer, description: d, default: ${A:7}}\n  - {name: b, type: string, description: d, default: ${A:7}}\n  - {name: c, type: array, items: {type: float}, description: d, default: [ ${A:7} ]}\n';
    const [tool] = loaded(GOOD.slice(0, -4) + parameters).tools;
    expect(tool?.parameters.map((parameter) => parameter.default)).toEqual([7, '7', [7]]);
  });

  it('takes `default:` with nothing behind it for no default', () => {
    const [tool] = loaded(
      `${GOOD.slice(0, -4)}parameters:\n  - name: a\n    type: string\n    description: d\n    default:\n`,
    ).tools;
    expect(tool?.parameters[0]).not.toHaveProperty('default');
  });

  it('resolves a few anchors', () => {
    const text = `${SOURCE.replace('h\n', '&h db.example.com\n')}database: *h\npassword: p\n`;
    expect(loaded(text).sources[0]?.fields).toMatchObject({ host: 'db.example.com', database: 'db.example.com' });
  });
});

describe('secrets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chatelaine-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const withHeader = (value: string): string =>
    `kind: source\nname: s\ntype: http\nbaseUrl: http://x\nheaders:\n  Authorization: ${value}\n`;

  const header = (value: string): string => {
    const [source] = loaded(withHeader(value)).sources;
    const fields = source?.fields as { headers: { Authorization: Secret } };
    return reveal(fields.headers.Authorization);
  };

  it('come from files, without their last line end', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'Bearer abc\n');
    expect(header(pathToFileURL(file).href)).toBe('Bearer abc');
    expect(load(withHeader(pathToFileURL(file).href))).toMatchObject({ value: { secretFiles: [file] } });
  });

  it('are not read from files by fields that hold none', () => {
    expect(
      loaded('kind: source\nname: s\ntype: sqlite\ndatabase: file:///etc/passwd\n').sources[0]?.fields,
    ).toMatchObject({
      database: 'file:///etc/passwd',
    });
  });

  it('are missed at their place', async () => {
    const locked = join(folder, 'locked');
    await writeFile(locked, 'x');
    await chmod(locked, 0o000);
    expect(problemsOf(withHeader('file:///nowhere/token'))).toEqual([
      '6:18 SECRET_UNREADABLE there is no file `file:///nowhere/token`',
    ]);
    expect(problemsOf(withHeader('file://run/secrets/x'))).toEqual([
      expect.stringMatching(/^6:18 SECRET_UNREADABLE .* three slashes/),
    ]);
    expect(problemsOf(withHeader(pathToFileURL(folder).href))).toEqual([expect.stringMatching(/is not a file$/)]);
    expect(problemsOf(withHeader('file:///dev/zero'))).toEqual([expect.stringMatching(/is not a file$/)]);
  });

  it('are named where the vault has them, and followed when the source connects', () => {
    const result = load(withHeader('secret://default/api-key#3'));
    expect(result.ok && result.value.secrets).toEqual([
      {
        reference: { namespace: 'default', name: 'api-key', version: 3 },
        namespace: 'default',
        by: expect.stringMatching(/^source `/),
        place: expect.objectContaining({ file: 't.yaml', line: 6, column: 18 }),
      },
    ]);
  });

  it.each([
    ['secret://api-key', /^6:18 FIELD_WRONG .*`secret:\/\/NAMESPACE\/NAME`/],
    ['secret://default/a key', /^6:18 FIELD_WRONG .*a name is made of letters/],
    ['secret://default/key#0', /^6:18 FIELD_WRONG /],
    ['Bearer secret://default/token', /^6:18 FIELD_WRONG .*the whole value or none/],
  ])('are no reference as `%s`, which would be sent as it stands', (written, problem) => {
    expect(problemsOf(withHeader(written))).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    ['a host', 'kind: source\nname: db\ntype: postgres\nhost: secret://default/host\nuser: u\ndatabase: d\n', '4:7'],
    [
      'a number',
      'kind: source\nname: db\ntype: postgres\nhost: h\nuser: u\ndatabase: d\nport: secret://default/port\n',
      '7:7',
    ],
    [
      'a description',
      `${FLAT}---\nkind: tool\nname: t\ntype: sqlite-sql\nsource: db\nstatement: SELECT 1\ndescription: secret://default/x\n`,
      ':14',
    ],
    [
      'the database of Chatelaine, which holds the vault',
      'kind: server\ndatabase:\n  type: postgres\n  host: h\n  database: d\n  user: u\n  password: secret://default/db\n',
      '7:13',
    ],
    [
      'the key of an embedding model',
      'kind: embeddingModel\nname: m\ntype: gemini\nmodel: x\napiKey: secret://default/gemini\n',
      '5:9',
    ],
  ])('cannot be named for %s', (_what, text, place) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(new RegExp(`${place} SECRET_MISPLACED `)));
  });

  it('do not print', () => {
    const configuration = loaded(FLAT);
    expect(JSON.stringify(configuration)).not.toContain('hunter2');
  });
});
