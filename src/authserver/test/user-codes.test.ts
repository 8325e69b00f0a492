/** Guesses at the codes by which programs on other devices are let in (RFC 8628 §5.1). */
import { expect, test } from 'vitest';
import type { Browser, Seen } from '../../../test/browser.ts';
import { Browser as NewBrowser } from '../../../test/browser.ts';
import {
  FROM,
  MovedClock,
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from './authorization-server.fixture.ts';
import { ask } from './code-flow.fixture.ts';

const MINUTE = 60_000;
const clients = { tv: { displayName: 'Wall Display', grantTypes: ['device_code', 'refresh_token'] } };

async function start() {
  const clock = MovedClock.stopped();
  const process = await startAuthorizationServer('sqlite', undefined, clients, true, { clock });
  return { clock, process };
}

const codeOf = async (process: Pick<AuthorizationServerProcess, 'url'>, resource: string): Promise<string> =>
  (await ask(process, '/oauth/device', { client_id: 'tv', scope: 'read:flights', resource })).body[
    'user_code'
  ] as string;

/** Types a code on the page, in a browser at an address. */
async function type(browser: Browser, code: string, address: string): Promise<Seen> {
  const page = await browser.get('/oauth/device/verify');
  const xsrf = /name="xsrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
  return browser.post('/oauth/device/verify', { xsrf, user_code: code }, { [FROM]: address });
}

const wrong = (index: number): string =>
  `BBBB-${index
    .toString(20)
    .toUpperCase()
    .replaceAll(/[^BCDF]/g, 'B')
    .padStart(4, 'B')}`;

test('one browser and one person have five guesses, and then the right code is not looked at either', async () => {
  const { clock, process } = await start();
  const { browser } = await process.person('alice');
  const code = await codeOf(process, process.resource);
  for (let index = 0; index < 5; index++)
    expect((await type(browser, wrong(index), `198.51.100.${index}`)).text).toContain('no such code');
  const refused = await type(browser, code, '198.51.100.9');
  expect([refused.status, refused.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  // Throwing the provider's cookie away does not help who is signed in.
  for (const name of [...browser.cookies.keys()]) if (name.startsWith('chatelaine-oauth')) browser.cookies.delete(name);
  expect((await type(browser, code, '198.51.100.9')).status).toBe(429);
  clock.move(MINUTE);
  expect((await type(browser, code, '198.51.100.9')).text).toContain('Wall Display');
});

test('whoever throws every cookie away is counted by address, at whatever process, and others go on', async () => {
  const { process } = await start();
  const other = await startAuthorizationServer('sqlite', process, clients);
  let judged = 0;
  for (let index = 0; index < 40; index++) {
    const at = index % 2 === 0 ? process : other;
    const seen = await type(new NewBrowser(at.own, process.url), wrong(index), '198.51.100.1');
    if (seen.text.includes('no such code')) judged++;
    else expect(seen.status).toBe(429);
  }
  expect(judged).toBe(20);
  const { browser } = await process.person('alice');
  const code = await codeOf(process, process.resource);
  expect((await type(browser, code, '192.0.2.77')).text).toContain('Wall Display');
});

test('guesses from everywhere together have to wait a moment after each, and nobody waits long', async () => {
  const { clock, process } = await start();
  let judged = 0;
  for (let index = 0; index < 130; index++) {
    const seen = await type(new NewBrowser(process.own, process.url), wrong(index), `203.0.113.${index}`);
    if (seen.text.includes('no such code')) judged++;
  }
  expect(judged).toBe(100);
  const { browser } = await process.person('alice');
  const code = await codeOf(process, process.resource);
  clock.move(5000);
  expect((await type(browser, code, '192.0.2.77')).text).toContain('Wall Display');
});

test('a code that there is uses no guess up, however often it is looked at', async () => {
  const { process } = await start();
  const { browser } = await process.person('alice');
  const code = await codeOf(process, process.resource);
  for (let index = 0; index < 12; index++)
    expect((await type(browser, code.toLowerCase().replace('-', ' '), '198.51.100.1')).text).toContain('Wall Display');
  for (let index = 0; index < 5; index++)
    expect((await type(browser, wrong(index), '198.51.100.1')).text).toContain('no such code');
});
