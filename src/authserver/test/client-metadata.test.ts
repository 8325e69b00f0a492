import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readRegistration, REGISTRATION_SETTINGS, type RegistrationSettings } from '../clients/index.ts';

const read = (body: unknown, more: Partial<RegistrationSettings> = {}) =>
  readRegistration(body, { ...REGISTRATION_SETTINGS, ...more });
const WEB = { redirect_uris: ['https://c1.test/cb'] };
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = keys.publicKey.export({ format: 'jwk' });

/** The word of RFC 7591 §3.2.2, or that it was accepted. */
const verdict = (body: unknown, more: Partial<RegistrationSettings> = {}): string => {
  const outcome = read(body, more);
  return outcome.ok ? 'accepted' : outcome.error.error;
};

test('the least that registers is a public client that asks for codes (RFC 7591 §2)', () => {
  expect(read(WEB)).toMatchObject({
    ok: true,
    value: {
      authMethod: 'none',
      grants: ['authorization_code'],
      applicationType: 'web',
      name: undefined,
      scopes: undefined,
    },
  });
});

describe('AS-040: redirect URIs that would hand codes to somebody else', () => {
  it.each([
    ['javascript', ['javascript:alert(1)']],
    ['data', ['data:text/html,x']],
    ['plain http', ['http://evil.test/cb']],
    ['a wildcard', ['https://*.evil.test/cb']],
    ['a fragment', ['https://x.test/cb#f']],
    ['an empty text', ['']],
    ['a good one and a bad one', ['https://c1.test/cb', 'http://evil.test/cb']],
    ['eleven', Array.from({ length: 11 }, (_, index) => `https://c1.test/${index}`)],
    ['a thousand', Array.from({ length: 1000 }, (_, index) => `https://c1.test/${index}`)],
    ['none', []],
    ['no list', 'https://c1.test/cb'],
    ['numbers', [1]],
    ['lists in it', [['https://c1.test/cb']]],
    ['nothing', undefined],
  ])('%s: invalid_redirect_uri', (_, redirect_uris) => {
    expect(verdict({ redirect_uris })).toBe('invalid_redirect_uri');
  });
});

describe('AS-042: addresses that this server would fetch (RFC 7591 §5)', () => {
  const inside = [
    'http://127.0.0.1/',
    'http://169.254.169.254/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'http://2130706433/',
    'http://017700000001/',
    'https://elsewhere.test/',
  ];
  it.each(['jwks_uri', 'sector_identifier_uri', 'initiate_login_uri', 'request_uris'])(
    '%s is refused, wherever it leads',
    (member) => {
      for (const address of inside) expect(verdict({ ...WEB, [member]: address })).toBe('invalid_client_metadata');
      expect(
        verdict({ ...WEB, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://elsewhere.test/' }),
      ).toBe('invalid_client_metadata');
    },
  );

  it('a logo is not kept, so nobody who is shown the client loads it', () => {
    for (const address of inside) {
      const outcome = read({ ...WEB, logo_uri: address });
      expect(JSON.stringify(outcome)).not.toContain(address);
      expect(outcome.ok).toBe(true);
    }
  });

  it.each(['client_uri', 'policy_uri', 'tos_uri'])('%s is a page for people, https and nothing else', (member) => {
    expect(verdict({ ...WEB, [member]: 'https://c1.test/page' })).toBe('accepted');
    for (const page of [
      'http://c1.test/',
      'javascript:alert(1)',
      'https://u:p@c1.test/',
      'https://c1.test/\u202e',
      7,
    ]) {
      expect(verdict({ ...WEB, [member]: page })).toBe('invalid_client_metadata');
    }
  });
});

describe('AS-043: names that deceive who reads them (RFC 7591 §5)', () => {
  it.each([
    ['a mark that turns the text', 'Trusted \u202eppA'],
    ['an isolate', 'Trusted \u2066App'],
    ['a zero-width space', 'Trusted App\u200b'],
    ['a zero-width joiner', 'Trusted\u200dApp'],
    ['a soft hyphen', 'Trus\u00adted'],
    ['a byte order mark', '\ufeffTrusted App'],
    ['a Hangul filler', 'Trusted\u3164App'],
    ['a tag character', 'Trusted\u{e0041}'],
    ['a line break', 'Trusted\nApp'],
    ['a line separator', 'Trusted\u2028App'],
    ['a null', 'Trusted\0App'],
    ['an escape', '\u001b[31mApp'],
    ['half a character', 'App\ud800'],
    ['64 KiB', 'a'.repeat(65_536)],
    ['257 characters', 'a'.repeat(257)],
    ['spaces alone', '   '],
    ['no text', 7],
    ['a list', ['App']],
  ])('%s is refused', (_, client_name) => {
    expect(verdict({ ...WEB, client_name })).toBe('invalid_client_metadata');
  });

  it.each([
    ['<b>App</b>', '<b>App</b>'],
    ['  Überpfad   Reisen ', 'Überpfad Reisen'],
    ['Cafe\u0301', 'Café'],
    ['旅行アシスタント', '旅行アシスタント'],
    ['a'.repeat(256), 'a'.repeat(256)],
  ])('%j stays a text, in its one spelling', (client_name, name) => {
    expect(read({ ...WEB, client_name })).toMatchObject({ ok: true, value: { name } });
  });
});

describe('what a client may ask for when nobody vouches for it', () => {
  it.each([
    [
      'codes and refreshing',
      { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
      'accepted',
    ],
    [
      'codes for devices, under whatever name (RFC 8628 §5.4)',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
      'invalid_client_metadata',
    ],
    ['client credentials', { grant_types: ['authorization_code', 'client_credentials'] }, 'invalid_client_metadata'],
    ['token exchange', { grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'] }, 'invalid_client_metadata'],
    ['passwords of people', { grant_types: ['password'] }, 'invalid_client_metadata'],
    ['the implicit grant', { grant_types: ['implicit'], response_types: ['token'] }, 'invalid_client_metadata'],
    ['tokens beside codes', { response_types: ['code', 'token'] }, 'invalid_client_metadata'],
    ['refreshing of nothing (RFC 7591 §2.1)', { grant_types: ['refresh_token'] }, 'invalid_client_metadata'],
    ['nothing', { grant_types: [] }, 'invalid_client_metadata'],
    ['a software statement (RFC 7591 §2.3)', { software_statement: 'e30.e30.' }, 'invalid_software_statement'],
    ['a member that there is not', { chatelaine_first_party: true, firstParty: true }, 'accepted'],
    ['scopes with two spaces', { scope: 'a  b' }, 'invalid_client_metadata'],
    ['scopes as a list', { scope: ['a'] }, 'invalid_client_metadata'],
    [
      'an algorithm with a shared key (RFC 8725 §3.1)',
      { token_endpoint_auth_signing_alg: 'HS256' },
      'invalid_client_metadata',
    ],
    ['no algorithm (RFC 8725 §3.2)', { token_endpoint_auth_signing_alg: 'none' }, 'invalid_client_metadata'],
    [
      'web with a scheme of its own',
      { application_type: 'web', redirect_uris: ['com.example.app:/cb'] },
      'invalid_redirect_uri',
    ],
    [
      'native with https at this machine',
      { application_type: 'native', redirect_uris: ['https://localhost/cb'] },
      'invalid_redirect_uri',
    ],
    ['another type', { application_type: 'service' }, 'invalid_client_metadata'],
  ])('%s: %s', (_, members, expected) => {
    expect(verdict({ ...WEB, ...members })).toBe(expected);
  });

  it.each([null, undefined, 7, 'text', [], [WEB]])('%j is no registration', (body) => {
    expect(verdict(body)).not.toBe('accepted');
  });

  it('a secret is for where confidential clients may register', () => {
    for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post']) {
      expect(verdict({ ...WEB, token_endpoint_auth_method })).toBe('invalid_client_metadata');
      expect(verdict({ ...WEB, token_endpoint_auth_method }, { confidential: true })).toBe('accepted');
    }
    for (const token_endpoint_auth_method of ['client_secret_jwt', 'tls_client_auth', 'NONE', 7]) {
      expect(verdict({ ...WEB, token_endpoint_auth_method }, { confidential: true })).toBe('invalid_client_metadata');
    }
  });

  it('AS-056: keys are public ones, and private or shared ones are refused (RFC 7591 §2, RFC 8725 §3.1)', () => {
    const by = { ...WEB, token_endpoint_auth_method: 'private_key_jwt' };
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    expect(verdict({ ...by, jwks: { keys: [publicJwk] } })).toBe('accepted');
    for (const key of [
      keys.privateKey.export({ format: 'jwk' }),
      { kty: 'oct', k: 'c2VjcmV0' },
      rsa,
      { kty: 'EC' },
      { ...publicJwk, k: 'x' },
    ]) {
      expect(verdict({ ...by, jwks: { keys: [key] } })).toBe('invalid_client_metadata');
    }
    expect(verdict(by)).toBe('invalid_client_metadata');
    expect(verdict({ ...by, jwks: { keys: [publicJwk] }, jwks_uri: 'https://c1.test/j' })).toBe(
      'invalid_client_metadata',
    );
  });

  it('its scopes are those it asked for that there are, and those that everybody gets', () => {
    const settings = { supportedScopes: new Set(['a', 'b', 'openid']), baselineScopes: ['openid'] };
    expect(read({ ...WEB, scope: 'b admin:all' }, settings)).toMatchObject({ value: { scopes: ['b', 'openid'] } });
    expect(read(WEB, settings)).toMatchObject({ value: { scopes: undefined } });
  });

  it('is native when codes go to this machine or an app, unless it says otherwise (RFC 8252 §7)', () => {
    expect(read({ redirect_uris: ['http://localhost:6274/oauth/callback'] })).toMatchObject({
      value: { applicationType: 'native' },
    });
    expect(read({ redirect_uris: ['http://localhost:6274/cb'], application_type: 'web' })).toMatchObject({
      value: { applicationType: 'web' },
    });
    const cursor = [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ];
    expect(read({ redirect_uris: cursor })).toMatchObject({
      value: { applicationType: 'native', redirectUris: cursor },
    });
  });
});

test('whatever is sent: an answer, in bounded form, and nothing of it that is not known', () => {
  const members = fc.constantFrom(
    'client_name',
    'redirect_uris',
    'grant_types',
    'response_types',
    'scope',
    'jwks',
    'token_endpoint_auth_method',
    'client_uri',
    'application_type',
    '__proto__',
    'constructor',
    'x',
  );
  fc.assert(
    fc.property(fc.dictionary(members, fc.jsonValue({ maxDepth: 3 })), fc.boolean(), (given, isWhole) => {
      const outcome = read(isWhole ? { ...given, ...WEB } : given, { confidential: true });
      if (!outcome.ok) {
        expect(outcome.error.error).toMatch(/^invalid_/);
        return;
      }
      expect(outcome.value.redirectUris.length).toBeLessThanOrEqual(10);
      expect((outcome.value.name ?? '').length).toBeLessThanOrEqual(256);
      expect(outcome.value.grants).toContain('authorization_code');
    }),
    { numRuns: 2000 },
  );
});
