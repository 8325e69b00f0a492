/** What a first start prints lets one person in, once, as the administrator. */
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
beforeAll(async () => {
  place = workspace();
  server = await start(['--config', place.write('tools.yaml', CITIES), '--data-dir', place.dataDir]);
});
afterAll(async () => {
  await server.stop();
  place.remove();
});

const linkOf = ({ stdout }: RunningServer): string =>
  /http:\/\/localhost:\d+\/console\/setup\?token=\S+/.exec(stdout())?.[0] ?? '';

/** Follows a link as a browser does, which carries the cookie that it is given. */
async function follow(link: string | URL): Promise<Response> {
  const first = await fetch(link, { redirect: 'manual' });
  const next = first.headers.get('location');
  if (next === null) return first;
  const cookies = first.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
  return await fetch(new URL(next, link), { headers: { Cookie: cookies.join('; ') } });
}

/** The status of the sign-in page for whoever reached it under that name. */
const statusAs = (host: string, port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/console/sign-in', headers: { Host: host }, agent: false };
    get(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });

describe('the link of a first start', () => {
  test('opens the page on which the administrator sets name and password', async () => {
    const page = await follow(linkOf(server));
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await page.text()).toMatch(/<form[^>]*method="post"/i);
  });

  test('does not open with another token, and no page is shown to a foreign host (DNS rebinding) or a foreign page', async () => {
    expect((await follow(`${linkOf(server)}x`)).status).not.toBe(200);
    const { port } = new URL(server.url);
    const foreign = await fetch(`http://127.0.0.1:${port}/console/sign-in`, {
      headers: { Origin: 'https://evil.test' },
    });
    expect(foreign.status).toBe(403);
    expect(await statusAs('evil.test', Number(port))).toBe(421);
  });

  test('is another one at the next start, and the one before is over', async () => {
    const before = linkOf(server);
    await server.stop();
    server = await start(['--config', place.file('tools.yaml'), '--data-dir', place.dataDir]);
    const now = linkOf(server);
    expect(now).not.toBe('');
    const { port } = new URL(now);
    const old = new URL(before);
    old.port = port;
    expect([(await follow(old)).status, (await follow(now)).status]).toEqual([410, 200]);
  });
});
