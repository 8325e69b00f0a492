/** Chatelaine as its own authorization server, with a person who is signed in and an administrator's key. */
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from '../../test/browser.ts';
import { freePort } from '../../test/loopback.ts';
import {
  obtainCode,
  SCRIPTED_CLIENT_DOCUMENT,
  TokenEndpoint,
  tokensOf,
  type Tokens,
} from '../../test/scripted-client.ts';
import { signedIn } from '../../test/signed-in.ts';
import { launch, firstAnswer } from './launch.ts';
import { COMMAND } from './installation.ts';

export interface Issuing {
  readonly url: URL;
  readonly port: number;
  readonly pid: number;
  readonly resource: string;
  readonly browser: Browser;
  /** Of an agent that may administer. */
  readonly adminKey: string;
  /** So many sign-ins, each with a refresh token of its own; at this server's own door unless a resource is said. */
  signIns(count: number, scope: string, resource?: string): Promise<Tokens[]>;
  stop(): Promise<void>;
}

export interface IssuingOptions {
  readonly folder: string;
  /** Documents beside those of server and client. */
  readonly tools: string;
  /** `database:` of the server; SQLite without one. */
  readonly database?: Readonly<Record<string, unknown>> | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Any free one unless it has to be known before. */
  readonly port?: number;
  /** More fields of `kind: server`. */
  readonly server?: Readonly<Record<string, unknown>>;
}

/** The one key that is asked with until there are tokens. */
const FIRST_QUESTION = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}';
const AT_ONCE = 4;

/** Starts it on a data directory of its own below `folder`. */
export async function startIssuing(options: IssuingOptions): Promise<Issuing> {
  const { folder, tools, database, env } = options;
  const home = await mkdtemp(join(folder, 'issuing-'));
  const dataDir = join(home, 'data');
  const port = options.port ?? (await freePort());
  const url = new URL(`http://127.0.0.1:${port}`);
  const file = join(home, 'tools.yaml');
  const server = { kind: 'server', port, publicUrl: url.origin, metrics: false, ...options.server };
  if (database !== undefined) Object.assign(server, { database: await withoutPassword(database, home) });
  await writeFile(file, `${JSON.stringify(server)}\n---\n${SCRIPTED_CLIENT_DOCUMENT}---\n${tools}`);
  const adminKey = await administratorKey(file, dataDir);
  const command = [COMMAND, 'serve', '--config', file, '--data-dir', dataDir, '--no-reload'] as const;
  const launched = launch([...command], { ...process.env, ...env });
  try {
    const headers = { Host: url.host, 'Content-Type': 'application/json', Authorization: `Bearer ${adminKey}` };
    await firstAnswer(launched, { port, path: '/mcp', headers, body: FIRST_QUESTION });
    const browser = await signedIn({ dataDir, database, url }, 'bench');
    const resource = `${url.origin}/mcp`;
    return {
      ...{ url, port, resource, browser, adminKey, pid: launched.pid },
      signIns: (count, scope, at = resource) => signIns({ url, resource: at, browser }, count, scope),
      stop: () => launched.stop(),
    };
  } catch (error) {
    await launched.stop();
    throw error;
  }
}

/** A configuration holds no password: it says where one stands. */
async function withoutPassword(database: Readonly<Record<string, unknown>>, home: string): Promise<object> {
  const file = join(home, 'password');
  await writeFile(file, String(database['password']), { mode: 0o600 });
  return { ...database, password: `file://${file}` };
}

/** Of an agent that administers everywhere: what is of all namespaces takes no less. */
async function administratorKey(config: string, dataDir: string): Promise<string> {
  const at = ['--config', config, '--data-dir', dataDir, '--json'];
  const run = promisify(execFile);
  const access = ['--access', 'read', '--access', 'admin'];
  const { stdout } = await run(COMMAND, ['key', 'create', '--agent', 'bench', '--role', 'admin', ...access, ...at]);
  await run(COMMAND, ['role', 'give', 'admin', '--agent', 'bench', '--namespace', '*', ...at]);
  return (JSON.parse(stdout) as { key: string }).key;
}

async function signIns(
  { url, resource, browser }: Pick<Issuing, 'url' | 'resource' | 'browser'>,
  count: number,
  scope: string,
): Promise<Tokens[]> {
  const endpoint = new TokenEndpoint(url);
  const tokens: Tokens[] = [];
  let begun = 0;
  const one = async (): Promise<void> => {
    tokens.push(tokensOf(await endpoint.redeem(await obtainCode(browser, { resource, scope }))));
  };
  const worker = async (): Promise<void> => {
    while (begun++ < count) await one();
  };
  try {
    // In the first the browser is recognized, which takes some steps that others must not come between.
    begun++;
    await one();
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    endpoint.close();
  }
  return tokens;
}
