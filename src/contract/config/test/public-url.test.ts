import { expect, test } from 'vitest';
import { publicUrlOf, serverSchema } from '#contract';

const server = (fields: object) => serverSchema.safeParse({ kind: 'server', ...fields });

test.each([
  ['http://tools.example', false],
  ['https://tools.example', true],
  ['http://localhost:7420', true],
  ['http://127.0.0.1:7420', true],
])('people may be sent to %s: %s', (publicUrl, may) => {
  expect(server({ publicUrl, tlsTerminatedBy: 'nginx' }).success).toBe(may);
});

test('without `publicUrl` it is this machine, by the scheme that the listener speaks', () => {
  const plain = serverSchema.parse({ kind: 'server' });
  expect(publicUrlOf(plain, 1).href).toBe('http://localhost:1/');
  expect(publicUrlOf({ tls: {}, publicUrl: undefined }, 1).href).toBe('https://localhost:1/');
});
