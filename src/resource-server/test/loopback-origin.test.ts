import { describe, expect, test } from 'vitest';
import { originReached, underPublicOrigin } from '#resource-server';

const LOCAL = new URL('http://localhost:7420');
const PUBLIC = new URL('https://tools.example');

describe('the origin by which a request came', () => {
  test.each([
    ['localhost:7420', 'http://localhost:7420'],
    ['127.0.0.1:7420', 'http://127.0.0.1:7420'],
    ['[::1]:7420', 'http://[::1]:7420'],
  ])('is the name of this machine that it used: %s', (host, origin) => {
    expect(originReached(LOCAL, host).origin).toBe(origin);
  });

  test.each([
    ['nothing', undefined],
    ['another port', '127.0.0.1:7421'],
    ['no port', '127.0.0.1'],
    ['another machine', 'evil.test:7420'],
    ['a name that only begins alike', 'localhost.evil.test:7420'],
    ['another address of 127.0.0.0/8', '127.0.0.2:7420'],
    ['another spelling of the address', '0x7f.1:7420'],
    ['a user before it', 'me@127.0.0.1:7420'],
    ['a path behind it', '127.0.0.1:7420/x'],
  ])('is the public one for %s', (_, host) => {
    expect(originReached(LOCAL, host).origin).toBe(LOCAL.origin);
  });

  test('is the public one wherever that is not this machine', () => {
    expect(originReached(PUBLIC, 'localhost').origin).toBe(PUBLIC.origin);
    expect(originReached(PUBLIC, '127.0.0.1:443').origin).toBe(PUBLIC.origin);
  });
});

describe('a resource of this machine', () => {
  test.each(['http://127.0.0.1:7420/mcp', 'http://[::1]:7420/mcp', 'http://localhost:7420/mcp'])(
    'has one name in tokens: %s',
    (url) => expect(underPublicOrigin(LOCAL, url)).toBe('http://localhost:7420/mcp'),
  );

  test.each(['http://127.0.0.1:7421/mcp', 'https://127.0.0.1:7420/mcp', 'http://evil.test:7420/mcp', 'nonsense'])(
    'is not one that is elsewhere: %s',
    (url) => expect(underPublicOrigin(LOCAL, url)).toBe(url),
  );
});
