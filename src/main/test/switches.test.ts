import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CITIES, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer | undefined;
beforeEach(() => {
  place = workspace();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server?.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  });

/** What a start said that was refused. */
async function refusal(document: string, env: Record<string, string> = {}): Promise<string> {
  const config = place.write('tools.yaml', `${CITIES}---\nkind: server\n${document}`);
  const { code, stderr } = await run(
    ['serve', '--port', '0', '--config', config, '--data-dir', place.dataDir, '--log-level', 'error'],
    { env },
  );
  expect(code).not.toBe(0);
  return stderr;
}

describe('CFG-004: switches that open the door', () => {
  it('do not exist: no variable lets anybody in without a credential, and a new directory holds none', async () => {
    server = await start(['--config', place.write('tools.yaml', CITIES), '--data-dir', place.dataDir], {
      env: {
        ...{ AUTH_DISABLED: 'true', DISABLE_AUTH: '1', CHATELAINE_AUTH: 'off', CHATELAINE_AUTH_DISABLED: 'true' },
        ...{ NODE_ENV: 'development', DEBUG: '*', DEV: '1', ALLOW_ANONYMOUS: 'true' },
      },
    });
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    const credentials = ['', 'admin', 'default', 'testsecretkey', 'tk_admin', `chk_${'0'.repeat(40)}`];
    for (const credential of credentials) {
      const headers: Record<string, string> = credential === '' ? {} : { authorization: `Bearer ${credential}` };
      for (const path of ['/mcp', '/api/tool/city/invoke']) {
        expect((await post(path, path === '/mcp' ? call : { id: 1 }, headers)).status, credential).toBe(401);
      }
    }
    const agents = await run(['agent', 'list', '--data-dir', place.dataDir, '--json']);
    expect(agents.stdout).not.toMatch(/"name"/);
  });

  it('of the network are refused at the start: other machines without TLS, any origin', async () => {
    expect(await refusal('host: 0.0.0.0\n')).toMatch(/tls/i);
    expect(await refusal('allowedOrigins: ["*"]\n')).toContain('allowedOrigins');
  });

  it('of the vault are refused as well: a key that no generator made', async () => {
    const weak = { type: 'value', key: '${KEY}' };
    const document = `vault:\n  keyWrapper: ${JSON.stringify(weak)}\n`;
    for (const key of ['changeme', 'your-credential-secret-key-here', Buffer.alloc(32, 1).toString('base64')]) {
      const said = await refusal(document, { KEY: key });
      expect(said).toMatch(/`vault\.keyWrapper\.key` can be guessed|KEY_WEAK/);
      expect(said).not.toContain(key);
    }
  });
});
