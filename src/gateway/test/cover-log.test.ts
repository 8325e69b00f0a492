/** What the log covers, and what it has to go on saying. */
import { expect, test } from 'vitest';
import { coverLogText } from '#gateway';

test.each([
  'tool call refused or failed',
  '06h2xmjvd2c7jze90dw3q5zrj4',
  '76aa13ac5f0f6a2f4f1d0d3b6a7c8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  '2026-11-30T23:24:41.003Z',
  '1796082392114',
  '192.0.2.17',
  'connect ECONNREFUSED 127.0.0.1:5432',
  'https://tools.example.com/mcp/n/team/support?limit=1',
  'Bearer tokens are expected',
  'at file:///srv/node_modules/@scope/package@1.2.3/dist/index.js:10:5',
  'the secret `default/api` is disabled',
])('leaves %s', (text) => expect(coverLogText(text)).toBe(text));

test.each([
  ['a key that was cut off', `called \u201cchk_${'0'.repeat(26)}_AAAA`, 'called \u201c•••'],
  ['a key that was cut off and said to be', 'ghp_abcdefgh…', '•••…'],
  ['the password of a URL', 'postgres://app:hunter2@db:5432/x', 'postgres://app:•••@db:5432/x'],
  ['a field of a form', 'a=1&client_secret=hunter2&b=2', 'a=1&client_secret=•••&b=2'],
  ['what comes after very much', 'x'.repeat(20_001), `${'x'.repeat(20_000)}…`],
])('covers %s', (_what, text, shown) => expect(coverLogText(text)).toBe(shown));
