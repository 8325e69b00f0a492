import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { refusalCode, startSignIn, VISITOR, type SignInProcess } from './sign-in.fixture.ts';
import { SoftwareAuthenticator, type Spoiling } from './software-authenticator.fixture.ts';

const ORIGIN = 'https://tools.example';
type Creation = Parameters<SoftwareAuthenticator['create']>[0];
type Request = Parameters<SoftwareAuthenticator['get']>[0];

/** A person with a passkey and nothing else, and a session that waits for it. */
async function withPasskey(process: SignInProcess, authenticator = new SoftwareAuthenticator(ORIGIN)) {
  const { person, password, live, services } = process;
  const maria = await person('maria', ['admin']);
  const first = await live(await password('maria'));
  const options = (await services.enrolment.passkeyOptions(first)) as Creation;
  const enrolled = await services.enrolment.addPasskey(VISITOR, first, authenticator.create(options), 'Laptop');
  const pending = await live(await password('maria'));
  const ask = async () =>
    (await services.factors.passkeys.authenticationOptions(maria.id, pending.session.id)) as Request;
  return { maria, authenticator, enrolled, pending, ask };
}

describe.each(dialects)('passkeys: %s', (dialect) => {
  test('a passkey is set up and lets in: the session is one of two factors', async () => {
    const process = await startSignIn(dialect);
    const { authenticator, enrolled, pending, ask, maria } = await withPasskey(process);
    expect(enrolled.recoveryCodes).toHaveLength(10);
    const proof = { assertion: authenticator.get(await ask()) };
    const { token } = await process.services.signIn.secondFactor(VISITOR, pending, proof);
    expect(await process.services.verifier.verifyCookie(reveal(token))).toMatchObject({
      ok: true,
      value: { sub: maria.id, amr: ['pwd', 'hwk', 'user', 'mfa'] },
    });
    const [passkey] = (await process.services.factors.of(maria.id)).passkeys;
    expect(passkey).toMatchObject({
      label: 'Laptop',
      counter: 2,
      transports: ['internal'],
      lastUsedAt: process.clock.now(),
    });
  });

  const foreignKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  test.each<[string, Spoiling]>([
    ['made for another origin', { origin: 'https://tools.example.evil.test' }],
    ['made for our name over http', { origin: 'http://tools.example' }],
    ['made for another relying party', { rpId: 'evil.test' }],
    ['without user verification', { userVerified: false }],
    ['over another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['of another ceremony', { type: 'webauthn.create' }],
    ['signed by another key', { signWith: foreignKey }],
    ['of a credential that nobody has', { id: Buffer.alloc(32).toString('base64url') }],
    ['whose counter stands still (a clone)', { counter: 1 }],
    ['whose counter went back', { counter: 0 }],
  ])('an assertion %s is refused', async (_, spoiling) => {
    const process = await startSignIn(dialect);
    const { authenticator, pending, ask } = await withPasskey(process);
    const proof = { assertion: authenticator.get(await ask(), spoiling) };
    expect(await refusalCode(process.services.signIn.secondFactor(VISITOR, pending, proof))).toBe(
      'SECOND_FACTOR_REFUSED',
    );
  });

  test.each<[string, Spoiling]>([
    ['another origin', { origin: 'https://evil.test' }],
    ['another relying party', { rpId: 'evil.test' }],
    ['no user verification', { userVerified: false }],
    ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['another ceremony', { type: 'webauthn.get' }],
  ])('a passkey made with %s is refused', async (_, spoiling) => {
    const { person, password, live, services } = await startSignIn(dialect);
    const maria = await person('maria', ['admin']);
    const pending = await live(await password('maria'));
    const options = (await services.enrolment.passkeyOptions(pending)) as Creation;
    const json = new SoftwareAuthenticator(ORIGIN).create(options, spoiling);
    expect(await refusalCode(services.enrolment.addPasskey(VISITOR, pending, json, 'x'))).toBe('SECOND_FACTOR_REFUSED');
    expect((await services.factors.of(maria.id)).passkeys).toEqual([]);
  });

  test('a challenge is used once, whether it helped or not, by many at once and in two processes', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    // Authenticators that do not count give no other protection.
    const { maria, authenticator, pending, ask } = await withPasskey(here, new SoftwareAuthenticator(ORIGIN, 0));
    const options = await ask();
    const json = authenticator.get(options);
    const many = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        (at % 2 === 0 ? here : there).services.factors.passkeys.accept(maria.id, pending.session.id, json),
      ),
    );
    expect(many.filter((one) => one !== undefined)).toHaveLength(1);
    const next = await ask();
    const accept = (text: string) => here.services.factors.passkeys.accept(maria.id, pending.session.id, text);
    expect(await accept(authenticator.get(next, { userVerified: false }))).toBeUndefined();
    expect(await accept(authenticator.get(next))).toBeUndefined();
  });

  test('a challenge is bound to the session that asked for it, to its purpose, and to five minutes', async () => {
    const process = await startSignIn(dialect);
    const { maria, authenticator, pending, ask } = await withPasskey(process);
    const { passkeys } = process.services.factors;
    expect(await passkeys.accept(maria.id, 'another session', authenticator.get(await ask()))).toBeUndefined();
    const creation = (await passkeys.registrationOptions(maria, pending.session.id)) as Creation;
    const crossed = { rpId: 'tools.example', challenge: creation.challenge };
    expect(await passkeys.accept(maria.id, pending.session.id, authenticator.get(crossed))).toBeUndefined();
    const late = await ask();
    process.clock.advance(5 * 60_000);
    expect(await passkeys.accept(maria.id, pending.session.id, authenticator.get(late))).toBeUndefined();
  });

  test("one person's passkey is nothing for another person, and a credential belongs to one", async () => {
    const process = await startSignIn(dialect);
    const { authenticator } = await withPasskey(process);
    const { person, password, live, services } = process;
    const mallory = await person('mallory', ['admin']);
    const theirs = await live(await password('mallory'));
    const options = (await services.factors.passkeys.authenticationOptions(mallory.id, theirs.session.id)) as Request;
    expect(
      await services.factors.passkeys.accept(mallory.id, theirs.session.id, authenticator.get(options)),
    ).toBeUndefined();
    const creation = (await services.enrolment.passkeyOptions(theirs)) as Creation;
    const taken = services.enrolment.addPasskey(VISITOR, theirs, authenticator.create(creation), 'stolen');
    expect(await refusalCode(taken)).toBe('SECOND_FACTOR_REFUSED');
  });

  test('the other of two passkeys of an administrator may go, the last one may not', async () => {
    const process = await startSignIn(dialect);
    const { services, live } = process;
    const { maria, authenticator, enrolled } = await withPasskey(process);
    const session = await live(enrolled);
    const second = new SoftwareAuthenticator(ORIGIN);
    const creation = (await services.enrolment.passkeyOptions(session)) as Creation & { excludeCredentials: unknown };
    expect(creation.excludeCredentials).toMatchObject([{ id: authenticator.id.toString('base64url') }]);
    const after = await live(await services.enrolment.addPasskey(VISITOR, session, second.create(creation), 'Key'));
    const id = (one: SoftwareAuthenticator) => ({ passkey: one.id.toString('base64url') });
    await services.enrolment.remove(VISITOR, after, id(authenticator));
    expect(await refusalCode(services.enrolment.remove(VISITOR, after, id(second)))).toBe('SECOND_FACTOR_NEEDED_STILL');
    expect((await services.factors.of(maria.id)).passkeys.map(({ label }) => label)).toEqual(['Key']);
  });
});

test.each([
  '',
  '{}',
  '[]',
  'null',
  '{"id":"__proto__"}',
  'x'.repeat(100_000),
  '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA","authenticatorData":"AA","signature":"AA"}}',
])('what is no assertion at all (%#) is refused and nothing more', async (json) => {
  const process = await startSignIn('sqlite');
  const { maria, pending } = await withPasskey(process);
  expect(await process.services.factors.passkeys.accept(maria.id, pending.session.id, json)).toBeUndefined();
  expect(
    await process.services.factors.passkeys.register(maria, pending.session.id, { json, label: 'x' }, async () => {}),
  ).toBeUndefined();
});

test('at an address there are no passkeys, and it says so', async () => {
  const publicUrl = new URL('http://127.0.0.1:7420');
  const { person, password, live, services } = await startSignIn('sqlite', undefined, { publicUrl });
  await person('maria', ['admin']);
  expect(services.factors.passkeys.available).toBe(false);
  expect(await refusalCode(services.enrolment.passkeyOptions(await live(await password('maria'))))).toBe(
    'PASSKEY_UNAVAILABLE',
  );
});
