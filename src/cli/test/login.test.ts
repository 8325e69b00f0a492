import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { reveal } from '#kernel';
import { signIn } from '../login/sign-in.ts';

/** A server that says how long to wait, and breaks off so many polls before it lets the program in. */
async function serverThatBreaksOff(polls: number, expiresIn: number) {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/console/device/start') {
      const urls = { verification_uri: 'x', verification_uri_complete: 'x' };
      const started = { device_code: 'd', user_code: 'u', ...urls, expires_in: expiresIn, interval: 0.05 };
      return void response.end(JSON.stringify(started));
    }
    asked.push(Date.now());
    if (asked.length <= polls) return void request.socket.destroy();
    response.end(JSON.stringify({ access_token: 'chs_x', expires_at: '2026-11-21T00:00:00Z' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a poll that is broken off is asked again, each time later (RFC 8628 §3.5)', async () => {
  const { asked, origin } = await serverThatBreaksOff(2, 60);
  const { credential } = await signIn(origin, 'laptop', () => {});
  expect(reveal(credential)).toBe('chs_x');
  const [first, second, third] = asked as [number, number, number];
  expect([second - first >= 90, third - second >= 190]).toEqual([true, true]);
});

test('a server that never answers is told as such when the code has run out', async () => {
  const { origin } = await serverThatBreaksOff(99, 0.5);
  await expect(signIn(origin, 'laptop', () => {})).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});
