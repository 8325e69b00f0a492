/**
 * VLT-005: a canary in the place of every secret, the real server beside real upstreams, every door,
 * successes and failures; then everything that the server said, sent or wrote is searched for them
 * (invariant: no secret in any log, error, record, metric, trace, answer or file).
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buffer } from 'node:stream/consumers';
import { gzipSync, deflateSync } from 'node:zlib';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { databasePlace, openDatabase, prepareDataDirectory } from '#db';
import { serverSchema, forgetfulLedger } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { openVault, parseSecretMaterial, sameNamespace } from '#vault';
import { dialects, documentOf, type TestDialect } from '../databases.ts';
import { freePort } from '../loopback.ts';
import { testAuthority } from '../certificates.ts';
import { postgresDatabase, type PostgresDatabase } from '../postgres.ts';
import { canary, leaksIn, madeCanary, type Canary, type Leak } from './forms.ts';
import { collector, issuer, PATHS, repeatingApi, type Upstream } from './upstream.ts';

const COMMAND = fileURLToPath(new URL('../../bin/chatelaine', import.meta.url));

describe('the search itself', () => {
  const planted = canary('planted');
  const bytes = Buffer.from(planted.text);
  it.each<[form: string, hidden: Buffer | string]>([
    ['plain', `x${planted.text}y`],
    ['upper case', planted.text.toUpperCase()],
    ['reversed', planted.text.split('').toReversed().join('')],
    ['base64', bytes.toString('base64')],
    ['base64, one byte later', Buffer.from(`a${planted.text}`).toString('base64')],
    ['base64, two bytes later', Buffer.from(`ab${planted.text}c`).toString('base64')],
    ['base64url', Buffer.from(`a${planted.text}`).toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ['URL-encoded', encodeURIComponent(planted.text)],
    ['URL-encoded byte by byte', [...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')],
    ['JSON', JSON.stringify(planted.text)],
    ['JSON escapes', [...bytes].map((byte) => `\\u00${byte.toString(16)}`).join('')],
    ['UTF-16LE', Buffer.from(planted.text, 'utf16le')],
    ['UTF-16BE', Buffer.from(planted.text, 'utf16le').swap16()],
    ['gzip', Buffer.concat([Buffer.from('before'), gzipSync(`some ${planted.text} text that is long enough`)])],
    ['zlib', Buffer.concat([Buffer.from('before'), deflateSync(`some ${planted.text} text that is long enough`)])],
  ])('VLT-005: finds a planted leak: %s', (_form, hidden) => {
    expect(leaksIn('here', Buffer.from(hidden as string), [canary('other'), planted])).toContainEqual(
      expect.objectContaining({ canary: 'planted' }),
    );
  });

  it('VLT-005: finds nothing where nothing is', () => {
    expect(leaksIn('here', Buffer.from('x'.repeat(5000)), [planted])).toEqual([]);
  });
});

interface Scene {
  readonly folder: string;
  readonly dataDir: string;
  readonly config: string;
  readonly env: Record<string, string>;
  readonly canaries: readonly Canary[];
  readonly api: Upstream;
  readonly tokens: Upstream;
  readonly collected: Upstream;
  readonly metricsPort: number;
  /** What was said to anybody, by where it was said. */
  readonly said: { readonly where: string; readonly bytes: Buffer }[];
  hear(where: string, bytes: Buffer | string): void;
  /** Every row of the database, where its files are not ours to read. */
  readonly rows: () => Promise<string>;
}

const planted = () => ({
  apiKey: canary('vault: api-key'),
  basic: canary('vault: basic'),
  bearer: canary('vault: bearer'),
  oauth: canary('vault: oauth-client'),
  token: canary('token of the issuer'),
  password: canary('vault: password'),
  previous: canary('vault: a version before'),
  environment: canary('environment'),
  file: canary('secret file'),
  written: canary('password in the file'),
  secure: canary('secure argument'),
  database: canary('password of the database of Chatelaine'),
});

/** PostgreSQL takes any text as password. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function setScene(dialect: TestDialect, shop: PostgresDatabase): Promise<Scene> {
  const [api, collected] = [await repeatingApi(), await collector()];
  const secrets = planted();
  const tokens = await issuer(() => secrets.token.core);
  for (const one of [api, tokens, collected]) onTestFinished(async () => one[Symbol.asyncDispose]());
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-canary-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const inputs = join(folder, 'inputs');
  const dataDir = join(folder, 'data');
  for (const name of [inputs, join(folder, 'tmp'), join(folder, 'cwd')]) mkdirSync(name);
  prepareDataDirectory(dataDir);

  await shop.query(`CREATE ROLE canary_shop LOGIN PASSWORD ${literal(secrets.password.text)}`);
  let state: Record<string, unknown> = { type: 'sqlite' };
  let rows = async (): Promise<string> => '';
  if (dialect === 'postgres') {
    const own = await postgresDatabase();
    onTestFinished(() => own.drop());
    await own.query(`CREATE ROLE canary_state SUPERUSER LOGIN PASSWORD ${literal(secrets.database.text)}`);
    onTestFinished(async () => {
      await own.query('REASSIGN OWNED BY canary_state TO CURRENT_USER');
      await own.query('DROP OWNED BY canary_state');
      await own.query('DROP ROLE canary_state');
    });
    rows = () => everyRow(own);
    state = { ...documentOf(own), user: 'canary_state', password: secrets.database.text };
  }

  const { database: settings } = serverSchema.parse({ kind: 'server', database: state });
  const database = await openDatabase({ ...databasePlace(settings, dataDir), clock: systemClock });
  const vault = await openVault({
    ledger: forgetfulLedger,
    database,
    clock: systemClock,
    log: silentLogger,
    wrapper: { type: 'file', file: join(dataDir, 'vault.key') },
    mayUse: sameNamespace,
  });
  const record = async (): Promise<void> => undefined;
  const put = async (name: string, material: object): Promise<void> =>
    void (await vault.secrets.put({ namespace: 'default', name, material: parseSecretMaterial(material) }, record));
  await put('api-key', { kind: 'api-key', key: secrets.previous.text });
  await put('api-key', { kind: 'api-key', key: secrets.apiKey.text });
  await put('basic', { kind: 'basic', username: 'ana', password: secrets.basic.text });
  await put('bearer', { kind: 'bearer', token: secrets.bearer.text });
  await put('oauth', { kind: 'oauth-client', clientId: 'c', clientSecret: secrets.oauth.text });
  await put('shop', { kind: 'password', password: secrets.password.text });
  const client = testAuthority('Canary').issue(['canary']);
  await put('mtls', { kind: 'mtls', certificate: client.cert, privateKey: client.key });
  await put('disabled', { kind: 'password', password: secrets.password.text });
  await vault.secrets.setState({ namespace: 'default', name: 'disabled' }, 'disabled', record);
  vault.close();
  await database.close();

  writeFileSync(join(inputs, 'secret'), `${secrets.file.text}\n`);
  const config = join(inputs, 'tools.yaml');
  const metricsPort = await freePort();
  writeFileSync(config, configuration({ api, tokens, collected, shop, secrets, state, metricsPort, inputs }));
  const said: Scene['said'] = [];
  return {
    ...{ folder, dataDir, config, api, tokens, collected, metricsPort, said, rows },
    canaries: [...Object.values(secrets), pemCanary(client.key)],
    env: {
      CANARY: secrets.environment.text,
      STATE_PASSWORD: dialect === 'postgres' ? secrets.database.text : '',
      TMPDIR: join(folder, 'tmp'),
      CHATELAINE_DATA_DIR: dataDir,
    },
    hear: (where, bytes) => void said.push({ where, bytes: Buffer.from(bytes as string) }),
  };
}

async function everyRow(database: PostgresDatabase): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    texts.push(name, ...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

/** A line in the middle of a private key. */
const pemCanary = (pem: string): Canary => {
  return madeCanary('vault: mtls', pem.split('\n')[2]?.slice(0, 40) ?? '');
};

/** One source for each way in which a secret is used, a tool for each way in which an API answers. */
function configuration(scene: {
  api: Upstream;
  tokens: Upstream;
  collected: Upstream;
  shop: PostgresDatabase;
  secrets: ReturnType<typeof planted>;
  state: Record<string, unknown>;
  metricsPort: number;
  inputs: string;
}): string {
  const { api, tokens, collected, shop, secrets, state, metricsPort, inputs } = scene;
  const open = { returnFullError: true, allowedIpRanges: ['127.0.0.0/8'], timeout: '1s' };
  const http = (name: string, fields: object) => ({
    kind: 'source',
    name,
    type: 'http',
    baseUrl: api.url,
    ...open,
    ...fields,
  });
  const secret = (name: string) => ({ secret: `secret://default/${name}` });
  const sources = [
    http('key', { auth: secret('api-key') }),
    http('query', { auth: { ...secret('api-key'), in: 'query', name: 'api_key' } }),
    http('basic', { auth: secret('basic') }),
    http('bearer', { auth: secret('bearer') }),
    http('oauth', { auth: { ...secret('oauth'), tokenUrl: `${tokens.url}/token` } }),
    http('oauth-post', {
      auth: { ...secret('oauth'), tokenUrl: `${tokens.url}/refuse`, clientAuthentication: 'client_secret_post' },
    }),
    http('oauth-refused', { auth: { ...secret('oauth'), tokenUrl: `${tokens.url}/refuse` } }),
    http('plain', {
      headers: {
        'X-Api-Key': 'secret://default/api-key',
        'X-Env-Token': '${CANARY}',
        'X-File-Token': pathToFileURL(join(inputs, 'secret')).href,
        Authorization: `Bearer ${secrets.written.text}`,
      },
      queryParams: { access_token: 'secret://default/bearer' },
    }),
    http('unfit', { auth: secret('shop') }),
    http('nowhere', { auth: secret('api-key'), baseUrl: 'http://127.0.0.1:1' }),
    http('certificate', { auth: secret('mtls'), baseUrl: api.url.replace('http:', 'https:') }),
    http('absent', { auth: secret('no-such') }),
  ];
  const postgres = (name: string, fields: object) => ({
    ...{ kind: 'source', name, type: 'postgres', host: shop.host, port: shop.port, database: shop.database },
    ...{ user: 'canary_shop', ssl: { mode: 'disable' }, connectTimeout: 2, ...fields },
  });
  const databases = [
    postgres('shop', { password: 'secret://default/shop' }),
    postgres('shop-auth', { auth: secret('shop') }),
    postgres('shop-wrong', { password: secrets.written.text }),
    postgres('shop-env', { password: '${CANARY}' }),
    postgres('shop-disabled', { password: 'secret://default/disabled' }),
    postgres('shop-nowhere', { password: 'secret://default/shop', port: 1 }),
    postgres('shop-bad-key', {
      auth: undefined,
      password: '',
      ssl: { cert: 'no-such.pem', key: secrets.written.text },
    }),
    { kind: 'source', name: 'redis', type: 'redis', address: ['127.0.0.1:1'], password: secrets.written.text },
    { kind: 'source', name: 'mysql', type: 'mysql', host: '127.0.0.1', port: 1, password: secrets.written.text },
  ];
  const tools = [
    ...sources.flatMap(({ name }) =>
      PATHS.map((path) => ({
        ...{ kind: 'tool', name: `${name}-${path}`, type: 'http', source: name, description: 'd', method: 'GET' },
        ...{ path: `/${path}`, timeout: '1s' },
      })),
    ),
    ...databases
      .filter(({ type }) => type === 'postgres' || type === 'mysql')
      .flatMap(({ name, type }) => [
        { kind: 'tool', name, type: `${type}-sql`, source: name, description: 'd', statement: 'SELECT 1 AS one' },
        {
          kind: 'tool',
          name: `${name}-fails`,
          type: `${type}-sql`,
          source: name,
          description: 'd',
          statement: 'SELECT 1/0',
        },
      ]),
    { kind: 'tool', name: 'redis', type: 'redis', source: 'redis', description: 'd', commands: [['PING']] },
    {
      ...{ kind: 'tool', name: 'secured', type: 'postgres-sql', source: 'shop', description: 'd' },
      statement: 'SELECT length($1) AS length',
      parameters: [{ name: 'pin', type: 'string', description: 'd', secure: true, maxLength: 200 }],
    },
    {
      ...{ kind: 'tool', name: 'secured-number', type: 'postgres-sql', source: 'shop', description: 'd' },
      statement: 'SELECT $1::int AS pin',
      parameters: [{ name: 'pin', type: 'integer', description: 'd', secure: true }],
    },
    {
      ...{ kind: 'tool', name: 'secured-cast', type: 'postgres-sql', source: 'shop', description: 'd' },
      statement: 'SELECT sqrt(length($1) - 10000) AS pin',
      parameters: [{ name: 'pin', type: 'string', description: 'd', secure: true }],
    },
  ];
  const server = {
    kind: 'server',
    database: { ...state, ...(state['password'] !== undefined && { password: '${STATE_PASSWORD}' }) },
    metrics: { port: metricsPort },
    telemetry: { otlpEndpoint: collected.url },
  };
  return [server, ...sources, ...databases, ...tools]
    .map((document) => JSON.stringify(document))
    .join('\n---\n')
    .concat('\n');
}

/** Runs the command to its end and hears what it says. Input ends when `answers` lines have come. */
async function run(
  scene: Scene,
  args: readonly string[],
  { input = '', answers = 0 }: { readonly input?: string; readonly answers?: number } = {},
): Promise<string> {
  const child = spawn(COMMAND, args, { cwd: join(scene.folder, 'cwd'), env: { ...process.env, ...scene.env } });
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString('latin1').split('\n').length - 1;
    if (lines >= answers) child.stdin.end();
  });
  child.stdin.write(input);
  if (answers === 0) child.stdin.end();
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  scene.hear(`stdout of ${args.slice(0, 2).join(' ')}`, stdout);
  scene.hear(`stderr of ${args.slice(0, 2).join(' ')}`, stderr);
  return stdout.toString();
}

interface Serving {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

async function serve(scene: Scene): Promise<Serving> {
  const args = ['serve', '--port', '0', '--config', scene.config, '--log-level', 'trace'];
  const child = spawn(COMMAND, args, {
    cwd: join(scene.folder, 'cwd'),
    env: { ...process.env, ...scene.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.stdout.push(chunk);
      const found = /MCP\s+(http:\/\/\S+)\/mcp/.exec(Buffer.concat(chunks.stdout).toString());
      if (found) resolve(found[1] as string);
    });
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.once('exit', () => reject(new Error(Buffer.concat(chunks.stderr).toString())));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
      scene.hear('stdout of the server', Buffer.concat(chunks.stdout));
      scene.hear('stderr of the server', Buffer.concat(chunks.stderr));
    },
  };
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const leaksOf = (scene: Scene): Leak[] => [
  ...scene.said.flatMap(({ where, bytes }) => leaksIn(where, bytes, scene.canaries)),
  ...['data', 'tmp', 'cwd'].flatMap((part) =>
    filesBelow(join(scene.folder, part)).flatMap((file) => leaksIn(file, readFileSync(file), scene.canaries)),
  ),
  ...scene.collected.received.flatMap((bytes) => leaksIn('telemetry', bytes, scene.canaries)),
];

describe.each(dialects)('with its state in %s', (dialect) => {
  it(
    'VLT-005: the server tells no secret through any door, log, metric, trace, record or file',
    { timeout: 300_000 },
    async () => {
      const shop = await postgresDatabase();
      onTestFinished(async () => {
        await shop.query('DROP OWNED BY canary_shop');
        await shop.query('DROP ROLE canary_shop');
        await shop.drop();
      });
      const scene = await setScene(dialect, shop);
      const made = await run(scene, [
        'key',
        'create',
        '--agent',
        'tester',
        '--role',
        'user',
        '--json',
        '--config',
        scene.config,
      ]);
      const { key } = JSON.parse(made) as { key: string };
      // This answer alone is to show the key.
      scene.said.splice(0);
      const server = await serve(scene);
      const authorization = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const hear = async (where: string, response: Promise<Response>): Promise<string> => {
        const answer = await response;
        const text = await answer.text();
        scene.hear(where, `${JSON.stringify([...answer.headers])}\n${text}`);
        return text;
      };
      const rest = (tool: string, body: object = {}) =>
        hear(
          `REST ${tool}`,
          fetch(`${server.url}/api/tool/${tool}/invoke`, {
            method: 'POST',
            headers: authorization,
            body: JSON.stringify(body),
          }),
        );
      const secureExtension = { extensions: { 'com.google.cloud/toolbox.v1': {} } };
      const stateless = (method: string, params: Record<string, unknown> = {}) =>
        hear(
          `MCP ${method} ${JSON.stringify(params['name'])}`,
          fetch(`${server.url}/mcp`, {
            method: 'POST',
            headers: {
              ...authorization,
              accept: 'application/json, text/event-stream',
              'MCP-Protocol-Version': '2026-07-28',
              'Mcp-Method': method,
              ...(typeof params['name'] === 'string' && { 'Mcp-Name': params['name'] }),
            },
            body: JSON.stringify({
              ...{ jsonrpc: '2.0', id: 1, method },
              params: {
                ...params,
                _meta: {
                  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
                  'io.modelcontextprotocol/clientCapabilities': secureExtension,
                },
              },
            }),
          }),
        );

      const listed = JSON.parse(await stateless('tools/list')) as { result: { tools: { name: string }[] } };
      const names = listed.result.tools.map(({ name }) => name);
      expect(names.length).toBeGreaterThan(100);
      // Through REST all of them, some at a time; through the others one of each kind.
      for (let at = 0; at < names.length; at += 10)
        await Promise.all(names.slice(at, at + 10).map((name) => rest(name)));
      const some = names.filter((name) => /-(ok|html|unauthorized)$|^shop/.test(name));
      await Promise.all(some.map((name) => stateless('tools/call', { name, arguments: {} })));
      const pin = scene.canaries.find(({ name }) => name === 'secure argument')?.text;
      for (const name of ['secured', 'secured-number', 'secured-cast']) {
        await stateless('tools/call', { name, arguments: {}, secureArguments: { pin } });
        await stateless('tools/call', { name, arguments: { pin: 'from the model' }, secureArguments: {} });
      }
      const mcp = new Client({ name: 'canary', version: '1' });
      await mcp.connect(
        new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers: authorization } }),
      );
      for (const name of some) {
        const answer = await mcp.callTool({ name, arguments: {} }).catch((error: unknown) => String(error));
        scene.hear(`MCP session ${name}`, JSON.stringify(answer));
      }
      await mcp.close();

      for (const path of ['/readyz', '/healthz', '/api/toolset', '/nowhere']) {
        await hear(path, fetch(`${server.url}${path}`, { headers: authorization }));
      }
      const metrics = await hear('metrics', fetch(`http://127.0.0.1:${scene.metricsPort}/metrics`));
      expect(metrics).toContain('chatelaine');
      scene.hear('command line', execFileSync('cat', [`/proc/${server.pid}/cmdline`]));

      // The same secrets, used by other processes beside the server.
      const lines = [
        {
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
        },
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        ...['key-ok', 'oauth-refused-ok', 'shop', 'shop-wrong', 'basic-html'].map((name, index) => ({
          ...{ jsonrpc: '2.0', id: index + 2, method: 'tools/call', params: { name, arguments: {} } },
        })),
      ];
      const common = ['--config', scene.config, '--data-dir', scene.dataDir];
      const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      const stdio = await run(scene, ['serve', '--stdio', '--log-level', 'trace', ...common], { input, answers: 6 });
      expect(stdio).toContain('[secret]');
      for (const tool of ['basic-ok', 'plain-html', 'shop', 'shop-wrong', 'shop-disabled'])
        await run(scene, ['invoke', tool, ...common]);
      await run(scene, ['config', 'check', scene.config, '--data-dir', scene.dataDir]);
      await run(scene, ['config', 'check', scene.config, '--json']);
      for (const noun of ['key', 'agent'])
        await run(scene, [noun, 'list', '--config', scene.config, '--data-dir', scene.dataDir]);

      // A reload that is refused is told to the log, with its line.
      const before = readFileSync(scene.config, 'utf8');
      const bad = `${before}---\n{kind: source, name: x, type: http, baseUrl: "http://127.0.0.1", headers: {X-Whatever: "${scene.canaries[0]?.core}\\u0001"}}\n`;
      writeFileSync(scene.config, bad);
      await run(scene, ['config', 'check', scene.config]);
      await server.stop();
      await serve(scene).then(
        () => expect.unreachable('it was to refuse'),
        (error: Error) => scene.hear('a start that was refused', error.message),
      );

      // What was planted was used: otherwise there would be nothing to find.
      const sent = scene.api.seen() + scene.tokens.seen();
      for (const name of [
        'vault: api-key',
        'vault: bearer',
        'environment',
        'secret file',
        'password in the file',
        'token of the issuer',
      ]) {
        expect(sent, name).toContain(scene.canaries.find((one) => one.name === name)?.core);
      }
      expect(scene.said.find(({ where }) => where === 'REST shop')?.bytes.toString()).toContain('one\\":1');
      expect(scene.said.find(({ where }) => where === 'REST key-ok')?.bytes.toString()).toContain('[secret]');
      expect(scene.collected.received.length).toBeGreaterThan(0);
      expect(filesBelow(join(scene.dataDir, 'audit')).length).toBeGreaterThan(0);

      const rows = await scene.rows();
      if (dialect === 'postgres') expect(rows).toContain('secret_versions');
      scene.hear('rows of the database', rows);
      const all: Scene = { ...scene, canaries: [...scene.canaries, madeCanary('API key', key.slice('chk_'.length))] };
      expect(leaksOf(all)).toEqual([]);
      // One that is planted in these very places is found.
      writeFileSync(join(scene.dataDir, 'planted'), Buffer.from(scene.canaries[0]?.text ?? '').toString('base64'));
      expect(new Set(leaksOf(all).map(({ where }) => where))).toEqual(new Set([join(scene.dataDir, 'planted')]));
    },
  );
});
