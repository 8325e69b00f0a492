/** Which places there are, how they are written, and what a token for one is good for at another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResourcePlace } from '#contract';
import { admissionOf, pathOf, placeOfMetadata, placeOfUrl, resourceUrl } from '../index.ts';

const HOST = new URL('https://gw.test');
const place = (path: string): ResourcePlace => {
  const found = placeOfUrl(HOST, `https://gw.test${path}`);
  if (found === undefined) throw new Error(`${path} is no resource`);
  return found;
};

describe('a token of our own issuer (RFC 8707 §2)', () => {
  const table: [audience: string, asked: string, verdict: boolean | string][] = [
    ['/mcp', '/mcp', true],
    ['/mcp', '/mcp/few', true],
    ['/mcp', '/api', true],
    ['/mcp', '/mcp/n/team', false],
    ['/mcp', '/mcp/n/team/few', false],
    ['/mcp', '/api/n/team', false],
    ['/mcp', '/mcp/s/default/github', false],
    ['/mcp', '/api/v1', false],
    ['/mcp/few', '/mcp/few', true],
    ['/mcp/few', '/mcp', 'few'],
    ['/mcp/few', '/mcp/many', false],
    ['/mcp/few', '/api', false],
    ['/mcp/few', '/mcp/n/team/few', false],
    ['/mcp/n/team', '/mcp/n/team', true],
    ['/mcp/n/team', '/mcp/n/team/few', true],
    ['/mcp/n/team', '/api/n/team', true],
    ['/mcp/n/team', '/mcp', false],
    ['/mcp/n/team/few', '/mcp/n/team', 'few'],
    ['/mcp/n/team/few', '/mcp', false],
    ['/api', '/api', true],
    ['/api', '/mcp', false],
    ['/api', '/api/v1', false],
    ['/mcp/s/default/github', '/mcp/s/default/github', true],
    ['/mcp/s/default/github', '/mcp/s/default/gitlab', false],
    ['/mcp/s/default/github', '/mcp/s/team/github', false],
    ['/mcp/s/default/github', '/mcp', false],
    ['/api/v1', '/api/v1', true],
    ['/api/v1', '/mcp', false],
    ['/api/v1', '/api', false],
  ];
  it.each(table)('for %s at %s: %s', (audience, asked, verdict) => {
    const admission = admissionOf(place(audience), place(asked));
    expect(admission.admitted ? (admission.toolset ?? true) : false).toBe(verdict);
  });

  it('opens nothing of another namespace, whatever it is for', () => {
    const name = fc.constantFrom('a', 'b');
    const anyPlace: fc.Arbitrary<ResourcePlace> = fc.oneof(
      fc.record({ kind: fc.constant('mcp' as const), namespace: name, toolset: fc.option(name, { nil: undefined }) }),
      fc.record({ kind: fc.constant('rest' as const), namespace: name }),
      fc.record({ kind: fc.constant('server' as const), namespace: name, server: name }),
      fc.constant({ kind: 'api' } as const),
    );
    fc.assert(
      fc.property(anyPlace, anyPlace, (audience, asked) => {
        const { admitted } = admissionOf(audience, asked);
        if (pathOf(audience) === pathOf(asked)) return admitted;
        if (audience.kind === 'api' || asked.kind === 'api') return !admitted;
        return !admitted || audience.namespace === asked.namespace;
      }),
    );
  });
});

describe('the URL of a resource', () => {
  it.each(['/mcp', '/mcp/few', '/mcp/n/team', '/mcp/n/team/few', '/mcp/s/team/git', '/api', '/api/n/team', '/api/v1'])(
    'leads back to the place: %s',
    (path) => expect(resourceUrl(HOST, place(path))).toBe(`https://gw.test${path}`),
  );

  it.each([
    'https://gw.test/mcp/',
    'https://GW.test/mcp',
    'https://gw.test/MCP',
    'https://gw.test/mcp/n/default',
    'https://gw.test/mcp?x=1',
    'https://gw.test/mcp#x',
    'https://gw.test/mcp/few/more',
    'https://gw.test/mcp/n',
    'https://gw.test.evil.example/mcp',
    'http://gw.test/mcp',
    'https://gw.test:8443/mcp',
    'https://gw.test/',
    'https://gw.test',
    'mcp',
    '',
  ])('has one spelling, and %s is none', (url) => expect(placeOfUrl(HOST, url)).toBeUndefined());

  it.each([
    ['/.well-known/oauth-protected-resource', '/mcp'],
    ['/.well-known/oauth-protected-resource/', '/mcp'],
    ['/.well-known/oauth-protected-resource/mcp', '/mcp'],
    ['/.well-known/oauth-protected-resource/mcp/few/', '/mcp/few'],
    ['/.well-known/oauth-protected-resource/mcp/n/team/few', '/mcp/n/team/few'],
    ['/.well-known/oauth-protected-resource/api', '/api'],
    ['/.well-known/oauth-protected-resource/api/v1', '/api/v1'],
    ['/.well-known/oauth-protected-resourcemcp', undefined],
    ['/.well-known/oauth-protected-resource/console', undefined],
    ['/.well-known/openid-configuration', undefined],
  ])('has its metadata at %s (RFC 9728 §3.1)', (path, resource) => {
    const found = placeOfMetadata(path);
    expect(found && pathOf(found)).toBe(resource);
  });
});
