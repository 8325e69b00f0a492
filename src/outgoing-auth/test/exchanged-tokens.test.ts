/** Tokens of destinations that were had for tokens of callers: whose they are, how long they are kept, who sees what. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import type { CallerFace } from '#contract';
import { openOutgoingAuth, type OutgoingAuth, type OutgoingAuthParts } from '../index.ts';
import { CLIENT, exchanger, parts, Person, REQUEST, type Exchanger } from './destinations.fixture.ts';

const bearerOf = async (auth: OutgoingAuth, caller: CallerFace): Promise<string> => {
  const { authorization } = await auth.headers(caller, REQUEST);
  return authorization === undefined ? 'nothing' : reveal(authorization).replace('Bearer ', '');
};

const exchange = (at: Exchanger, made: OutgoingAuthParts, more: object = {}): OutgoingAuth =>
  openOutgoingAuth(
    {
      ...{
        type: 'tokenExchange',
        upstream: 'company',
        secret: CLIENT,
        tokenUrl: `${at.url}/token`,
        scopes: ['crm.read'],
      },
      ...{ audience: 'crm', resource: 'https://crm.example/', ...more },
    },
    made,
  );

describe('an exchanged token (RFC 8693)', () => {
  test('is asked for with the token of the upstream that is named, and with nothing else of the caller', async () => {
    const at = await exchanger();
    const ana = new Person('ana');
    expect(await bearerOf(exchange(at, parts()), ana)).toBe('for.access.ana.company.0.1');
    expect(Object.fromEntries(at.forms()[0] ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'access.ana.company.0',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'crm',
      resource: 'https://crm.example/',
      scope: 'crm.read',
    });
    expect(at.received[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('chatelaine:p%40ss%3Aword').toString('base64')}`,
    );
    expect(ana.wishes.every((wish) => wish?.wanted === undefined)).toBe(true);
  });

  test('is had for an ID token where that is said, and never for an access token in its place', async () => {
    const at = await exchanger();
    const auth = exchange(at, parts(), { subject: 'id_token' });
    expect(await bearerOf(auth, new Person('ana'))).toBe('for.id.ana.company.0.1');
    expect(at.forms()[0]?.get('subject_token_type')).toBe('urn:ietf:params:oauth:token-type:id_token');
    // Somebody who keeps grants and knows access tokens alone.
    const simple: CallerFace = { context: 'bo', upstreamToken: (upstream) => new Person('bo').upstreamToken(upstream) };
    await expect(auth.headers(simple, REQUEST)).rejects.toMatchObject({ code: 'UPSTREAM_NOT_ALLOWED' });
    expect(at.forms()).toHaveLength(1);
  });

  test('is fetched once for a hundred calls of one sign-in, and for each sign-in by itself', async () => {
    const at = await exchanger();
    const auth = exchange(at, parts());
    const tokens = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => await bearerOf(auth, new Person('ana', `client ${index % 2}`))),
    );
    expect(new Set(tokens).size).toBe(2);
    expect(at.forms()).toHaveLength(2);
  });

  test.each([
    ['its own life, less half a minute', 600, 3600, 570_000],
    ['the life of the token that it was had for', 3600, 100, 100_000],
    ['five minutes where nobody says', 'unsaid', 'unsaid', 270_000],
  ] as const)('is kept for %s', async (_, own, subject, kept) => {
    const at = await exchanger(own);
    const made = parts();
    const auth = exchange(at, made);
    const ana = new Person('ana', 'desk', subject);
    await bearerOf(auth, ana);
    made.advance(kept - 1);
    await bearerOf(auth, ana);
    expect(at.forms()).toHaveLength(1);
    made.advance(1);
    await bearerOf(auth, ana);
    expect(at.forms()).toHaveLength(2);
  });

  test('is not served to whoever disconnected the account, nor for another account in its place', async () => {
    const at = await exchanger();
    const auth = exchange(at, parts());
    const ana = new Person('ana');
    await bearerOf(auth, ana);
    ana.linked = false;
    await expect(auth.headers(ana, REQUEST)).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_LINKED',
      details: { upstream: 'company' },
    });
    ana.linked = true;
    ana.generation++;
    expect(await bearerOf(auth, ana)).toBe('for.access.ana.company.1.2');
  });

  test('is forgotten when the destination refuses it with 401, and by nobody’s 403', async () => {
    const at = await exchanger();
    const auth = exchange(at, parts());
    const [ana, bo] = [new Person('ana'), new Person('bo')];
    const sent = await auth.headers(ana, REQUEST);
    const ofBo = await bearerOf(auth, bo);
    expect(await auth.refused(ana, sent, { status: 403, challenge: undefined })).toBe(false);
    expect(await bearerOf(auth, ana)).toBe('for.access.ana.company.0.1');
    expect(await auth.refused(ana, sent, { status: 401, challenge: undefined })).toBe(true);
    expect(await bearerOf(auth, ana)).toBe('for.access.ana.company.0.3');
    // A late refusal of the old one does not end the new one, and nobody else's is touched.
    await auth.refused(ana, sent, { status: 401, challenge: undefined });
    expect(await bearerOf(auth, ana)).toBe('for.access.ana.company.0.3');
    expect(await bearerOf(auth, bo)).toBe(ofBo);
  });

  test('never reaches another caller, whoever asks in whatever order (property)', async () => {
    const at = await exchanger();
    const made = parts();
    const auth = exchange(at, made);
    const people = Array.from({ length: 12 }, (_, index) => new Person(`p${index % 6}`, `client ${index % 2}`));
    const step = fc.record({
      who: fc.nat(people.length - 1),
      what: fc.constantFrom('call', 'call', 'call', 'refused', 'refresh', 'wait'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        await Promise.all(
          steps.map(async ({ who, what }) => {
            const person = people[who] as Person;
            if (what === 'refresh') person.generation++;
            if (what === 'wait') made.advance(300_000);
            const before = person.generation;
            const token = await bearerOf(auth, person);
            expect(token.startsWith(`for.${person.tokenAt('company').replace(/\d+$/, '')}`)).toBe(true);
            expect(Number(token.split('.')[4])).toBeGreaterThanOrEqual(before);
            if (what === 'refused') {
              const sent = await auth.headers(person, REQUEST);
              await auth.refused(person, sent, { status: 401, challenge: undefined });
            }
          }),
        );
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [
      'a refusal, by its code',
      { status: 400, body: { error: 'invalid_target', error_description: 'ana' } },
      /\(invalid_target\)$/,
    ],
    ['a token of another type', { status: 200, body: { access_token: 'x', token_type: 'DPoP' } }, /no bearer token/],
    [
      'a token that would end its header',
      { status: 200, body: { access_token: 'a\r\nb', token_type: 'Bearer' } },
      /no bearer/,
    ],
  ])('is not had from an endpoint that answers with %s, and no failure is kept', async (_, answer, said) => {
    const at = await exchanger();
    const auth = exchange(at, parts());
    const ana = new Person('ana');
    at.answer = () => answer;
    const failure = auth.headers(ana, REQUEST);
    await expect(failure).rejects.toMatchObject({
      code: 'OUTGOING_TOKEN_REFUSED',
      message: expect.stringMatching(said),
    });
    at.answer = undefined;
    expect(await bearerOf(auth, ana)).toBe('for.access.ana.company.0.1');
  });
});

describe('an identity assertion (ID-JAG)', () => {
  const open = (provider: Exchanger, target: Exchanger): OutgoingAuth =>
    openOutgoingAuth(
      {
        ...{
          type: 'idJag',
          upstream: 'company',
          secret: CLIENT,
          tokenUrl: `${provider.url}/token`,
          scopes: ['crm.read'],
        },
        ...{ audience: 'https://as.crm.example', resource: 'https://crm.example/mcp' },
        target: {
          ...{ tokenUrl: `${target.url}/token`, secret: { namespace: 'default', name: 'there' } },
          clientAuthentication: 'client_secret_post',
        },
      },
      parts({
        client: { kind: 'oauth-client', clientId: 'ours', clientSecret: new Secret('at-the-provider') },
        there: { kind: 'oauth-client', clientId: 'there', clientSecret: new Secret('at-the-target') },
      }),
    );

  test('is asked of the identity provider for the ID token, and becomes a token where it is for (RFC 7523 §2.1)', async () => {
    const [provider, target] = [await exchanger(), await exchanger()];
    const auth = open(provider, target);
    expect(await bearerOf(auth, new Person('ana'))).toBe('for.for.id.ana.company.0.1.1');
    expect(Object.fromEntries(provider.forms()[0] ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      audience: 'https://as.crm.example',
      resource: 'https://crm.example/mcp',
      scope: 'crm.read',
      subject_token: 'id.ana.company.0',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    });
    expect(Object.fromEntries(target.forms()[0] ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'for.id.ana.company.0.1',
      scope: 'crm.read',
      client_id: 'there',
      client_secret: 'at-the-target',
    });
    // Neither sees what is the other's.
    expect(JSON.stringify(target.received)).not.toContain('"id.ana');
    expect(JSON.stringify(provider.received)).not.toContain('at-the-target');
  });

  test('is nobody’s access token: an answer that is none is not passed on', async () => {
    const [provider, target] = [await exchanger(), await exchanger()];
    provider.answer = () => ({ status: 200, body: { access_token: 'x', token_type: 'Bearer' } });
    await expect(open(provider, target).headers(new Person('ana'), REQUEST)).rejects.toMatchObject({
      code: 'OUTGOING_TOKEN_REFUSED',
      message: expect.stringContaining('no assertion'),
    });
    expect(target.received).toEqual([]);
  });

  test('is used once: a token that was refused takes another', async () => {
    const [provider, target] = [await exchanger(), await exchanger()];
    const auth = open(provider, target);
    const ana = new Person('ana');
    const sent = await auth.headers(ana, REQUEST);
    await auth.headers(ana, REQUEST);
    expect([provider.forms().length, target.forms().length]).toEqual([1, 1]);
    await auth.refused(ana, sent, { status: 401, challenge: undefined });
    await auth.headers(ana, REQUEST);
    expect(new Set(target.forms().map((form) => form.get('assertion'))).size).toBe(2);
  });
});
