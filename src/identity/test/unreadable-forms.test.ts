import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSignIn } from './sign-in.fixture.ts';
import { servePages } from './page-visitor.fixture.ts';

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
async function raw(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1');
  let told = '';
  socket.on('data', (chunk) => (told += String(chunk)));
  socket.on('close', () => resolve(told)).on('error', () => resolve(told));
  socket.write(text);
  return promise;
}

test('a form that cannot be read is told so, and not left without an answer', async () => {
  const { port } = await servePages(await startSignIn('sqlite'));
  const head = `POST /console/sign-in HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  const twice = 'name=a&name=b';
  expect(await raw(port, `${head}Content-Length: ${twice.length}\r\n\r\n${twice}`)).toMatch(
    /^HTTP\/1\.1 400 [^]*a field is there twice/i,
  );
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  expect(await raw(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(9)}0\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 400 [^]*larger than/i,
  );
  expect(await raw(port, `${head}Content-Length: 999999\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
});
