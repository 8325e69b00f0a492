import { describe, expect, it } from 'vitest';
import { nextHop, type Hop } from '../redirect.ts';

const get: Hop = {
  method: 'GET',
  url: new URL('https://api.test/v1/items?key=k'),
  headers: { accept: 'application/json', authorization: 'Bearer x', 'x-api-key': 'k', cookie: 'c' },
  body: undefined,
};
const post: Hop = {
  ...get,
  method: 'POST',
  headers: { ...get.headers, 'content-type': 'application/json' },
  body: '{}',
};

const follow = (hop: Hop, status: number, location: string | undefined): Hop | undefined | string => {
  const next = nextHop(hop, status, location);
  return next.ok ? next.value : next.error;
};

describe('a redirect', () => {
  it.each([200, 204, 300, 304, 305, 404])('is not seen in status %i', (status) => {
    expect(follow(get, status, 'https://api.test/')).toBeUndefined();
  });

  it('is not seen without a location', () => {
    expect(follow(get, 302, undefined)).toBeUndefined();
  });

  it.each([
    [301, 'POST', 'GET', undefined],
    [302, 'POST', 'GET', undefined],
    [303, 'POST', 'GET', undefined],
    [303, 'PUT', 'GET', undefined],
    [303, 'HEAD', 'HEAD', undefined],
    [301, 'DELETE', 'DELETE', undefined],
    [307, 'POST', 'POST', '{}'],
    [308, 'POST', 'POST', '{}'],
  ])('%i turns %s into %s', (status, method, expected, body) => {
    const from = method === 'POST' || method === 'PUT' ? { ...post, method } : { ...get, method };
    const next = follow(from, status, '/v2/items') as Hop;
    expect(next.method).toBe(expected);
    expect(next.body).toBe(body);
    expect(next.url.href).toBe('https://api.test/v2/items');
    expect('content-type' in next.headers).toBe(body !== undefined);
    expect(next.headers['authorization']).toBe('Bearer x');
  });

  it.each(['https://other.test/', 'https://api.test:8443/', '//other.test/x', 'https://sub.api.test/'])(
    'to another origin (%s) carries no credential',
    (location) => {
      expect((follow(get, 302, location) as Hop).headers).toEqual({ accept: 'application/json' });
    },
  );

  it.each([
    ['http://api.test/', 'from https to http'],
    ['ftp://api.test/', 'to the scheme `ftp:`'],
    ['file:///etc/passwd', 'to the scheme `file:`'],
    ['https://user:pass@api.test/', 'to a URL with credentials in it'],
    ['https://[::1/', 'to something that is not a URL'],
  ])('to %s is refused', (location, reason) => {
    expect(follow(get, 302, location)).toBe(reason);
  });

  it('does not hand a request body to another origin', () => {
    expect(follow(post, 307, 'https://other.test/')).toBe(
      'to another origin (`https://other.test`) together with the request body',
    );
  });
});
