import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { matchesRedirectUri, parseRedirectUri } from '#contract';

const kindOf = (uri: string): string => {
  const parsed = parseRedirectUri(uri);
  return parsed.ok ? parsed.value.kind : `refused: ${parsed.error}`;
};

describe('AS-001: a path that is not the registered one is not redirected to (RFC 9700 §2.1)', () => {
  it.each([
    'https://c1.test/cb/../evil',
    'https://c1.test/cb/evil',
    'https://c1.test/cb%2f..%2fevil',
    'https://c1.test/cb/',
    'https://c1.test/cb?',
    'https://c1.test/cb?x=1',
    'https://c1.test/cb#',
    'https://c1.test/cb ',
    'https://c1.test//cb',
  ])('%j', (presented) => {
    expect(matchesRedirectUri('https://c1.test/cb', presented, false)).toBe(false);
    expect(matchesRedirectUri('https://c1.test/cb', presented, true)).toBe(false);
  });
});

describe('AS-003: no case is folded and no usual port left out (CVE-2020-15234, RFC 9700 §2.1)', () => {
  it.each([
    'HTTPS://C1.TEST/cb',
    'https://C1.TEST/cb',
    'https://c1.test/CB',
    'https://c1.test:443/cb',
    'https://c1.test./cb',
    'https://c1.test/%63b',
  ])('%j', (presented) => {
    expect(matchesRedirectUri('https://c1.test/cb', presented, false)).toBe(false);
    expect(matchesRedirectUri('https://c1.test/cb', presented, true)).toBe(false);
  });
});

describe('the port of a native client at this machine is whatever it got (RFC 8252 §7.3)', () => {
  it.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb', true],
    ['http://127.0.0.1:1234/cb', 'http://127.0.0.1:51004/cb', true],
    ['http://127.0.0.1:1234/cb', 'http://127.0.0.1/cb', true],
    ['http://[::1]/cb', 'http://[::1]:51004/cb', true],
    ['http://localhost:3118/callback', 'http://localhost:51004/callback', true],
    ['http://localhost:3118', 'http://localhost:51004', true],
    // Everything else of it stands.
    ['http://127.0.0.1/cb', 'http://localhost:51004/cb', false],
    ['http://localhost/cb', 'http://127.0.0.1:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://[::1]:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb/', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb?x=1', false],
    ['http://127.0.0.1/cb', 'https://127.0.0.1:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:0/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:070000/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:99999/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:80@evil.test/cb', false],
    ['http://127.0.0.1/cb', 'http://a@127.0.0.1:80/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.test:80/cb', false],
    ['http://localhost/cb', 'http://localhost.evil.test:80/cb', false],
    ['http://localhost/cb', 'http://localhost:80\\@evil.test/cb', false],
    ['http://127.0.0.1/cb', 'http://127.1:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://0x7f000001:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.2:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb#x', false],
    ['https://c1.test:1/cb', 'https://c1.test:2/cb', false],
    ['com.example.app:/cb', 'com.example.app:1/cb', false],
  ])('%s and %s: %s', (registered, presented, matches) => {
    expect(matchesRedirectUri(registered, presented, true)).toBe(matches);
    expect(matchesRedirectUri(registered, presented, false)).toBe(false);
  });
});

test('whatever is presented: it is byte-equal, or a loopback URI of the same host and path', () => {
  const hosts = fc.constantFrom('127.0.0.1', '[::1]', 'localhost', 'c1.test', '127.0.0.1.evil.test', 'evil.test');
  const uri = fc
    .tuple(
      fc.constantFrom('http', 'https', 'HTTP'),
      hosts,
      fc.option(fc.integer({ min: 0, max: 70_000 })),
      fc.constantFrom('', '/cb', '/cb/', '/CB', '/a/../cb'),
    )
    .map(([scheme, host, port, path]) => `${scheme}://${host}${port === null ? '' : `:${port}`}${path}`);
  fc.assert(
    fc.property(uri, fc.oneof(uri, fc.webUrl(), fc.string()), fc.boolean(), (registered, presented, isNative) => {
      if (!matchesRedirectUri(registered, presented, isNative) || registered === presented) return;
      expect(isNative).toBe(true);
      const [left, right] = [new URL(registered), new URL(presented)];
      expect(left.protocol).toBe('http:');
      expect(['127.0.0.1', '[::1]', 'localhost']).toContain(right.hostname);
      expect([right.hostname, right.pathname, right.search]).toEqual([left.hostname, left.pathname, left.search]);
    }),
    { numRuns: 2000 },
  );
});

test('a redirect URI that is accepted is one to a URL parser too, which reads the host that we read', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.string(),
        fc.string().map((rest) => `https://c1.test/${rest}`),
        fc.string().map((rest) => `http://localhost${rest}`),
      ),
      (text) => {
        const parsed = parseRedirectUri(text);
        if (!parsed.ok || parsed.value.kind === 'private-use') return;
        const url = new URL(text);
        expect([url.username, url.password, url.hash]).toEqual(['', '', '']);
        expect(url.host).toBe(parsed.value.host);
        expect(text.startsWith(`${url.protocol}//${url.hostname}`)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

describe('AS-040: what can be no redirect URI (RFC 7591 §3.2.2)', () => {
  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://x.test/1',
    'about:blank',
    'mailto:a@x.test',
    'tel:1',
    'ws://x.test/cb',
    'ftp://x.test/cb',
    'http://evil.test/cb',
    'http://10.0.0.1/cb',
    'http://127.0.0.2/cb',
    'http://127.1/cb',
    'http://0x7f000001/cb',
    'http://LOCALHOST/cb',
    'http://localhost.evil.test/cb',
    'http://localhost@evil.test/cb',
    'https://*.evil.test/cb',
    'https://x.test/*',
    'https://x.test/cb#f',
    'https://x.test/cb#',
    'https://u:p@x.test/cb',
    'https://u@x.test/cb',
    'https:\\\\x.test\\cb',
    'https:/x.test/cb',
    'https:x.test/cb',
    'https://X.test/cb',
    'https://x.test/a/../cb',
    'https://x.test/a/%2e%2E/cb',
    'https://x.test/cb\n',
    '\thttps://x.test/cb',
    'https://x.test/c b',
    'https://xn--\u{430}.test/cb',
    'https://\u{430}pple.test/cb',
    'https://',
    'HTTPS://x.test/cb',
    'myapp:/cb',
    'app://cb',
    '//x.test/cb',
    '/cb',
    'cb',
    '',
    `https://x.test/${'a'.repeat(2048)}`,
  ])('%j', (uri) => {
    expect(kindOf(uri)).toMatch(/^refused: /);
  });
});

describe('redirect URIs of real clients', () => {
  it.each([
    ['Claude Code', 'http://localhost:54545/callback', 'loopback'],
    ['Claude', 'https://claude.ai/api/mcp/auth_callback', 'https'],
    ['Claude', 'https://claude.com/api/mcp/auth_callback', 'https'],
    ['Claude, the app', 'claude://claude.ai/mcp/auth_callback', 'private-use'],
    ['Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback', 'private-use'],
    ['Cursor', 'https://www.cursor.com/agents/mcp/oauth/callback', 'https'],
    ['Cursor', 'http://localhost:8787/callback', 'loopback'],
    ['VS Code', 'http://127.0.0.1:33418/', 'loopback'],
    ['VS Code', 'http://127.0.0.1:33418', 'loopback'],
    ['VS Code', 'http://localhost/', 'loopback'],
    ['VS Code', 'https://vscode.dev/redirect', 'https'],
    ['VS Code', 'https://insiders.vscode.dev/redirect', 'https'],
    ['VS Code', 'vscode://dynamicauthprovider/mcp', 'private-use'],
    ['MCP Inspector', 'http://localhost:6274/oauth/callback', 'loopback'],
    ['MCP Inspector', 'http://localhost:6274/oauth/callback/debug', 'loopback'],
    ['mcp-remote', 'http://localhost:3334/oauth/callback', 'loopback'],
    ['mcp-remote', 'http://127.0.0.1:19876/oauth/callback', 'loopback'],
    ['ChatGPT', 'https://chatgpt.com/connector_platform_oauth_redirect', 'https'],
    ['Perplexity', 'https://www.perplexity.ai/rest/connections/oauth_callback', 'https'],
    ['an app of the platform', 'com.example.app:/oauth2redirect', 'private-use'],
    ['an app of the platform', 'com.example.app://oauth2redirect', 'private-use'],
  ])('%s: %s is %s', (_, uri, kind) => {
    expect(kindOf(uri)).toBe(kind);
    expect(matchesRedirectUri(uri, uri, false)).toBe(true);
  });
});
