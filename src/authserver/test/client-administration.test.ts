import { describe, expect, test } from 'vitest';
import { oauthClientSchema } from '#contract';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { ClientDirectory, REGISTRATION_SETTINGS, withBuiltIn } from '#authserver';
import { ClientAdministration } from '../administration/client-administration.ts';
import { authServerAfterRestore } from '../store/after-restore.ts';
import { insertClient } from '../store/clients-store.ts';
import { blockClient, isBlocked } from '../store/client-blocks-store.ts';
import { readRegistration } from '../clients/registration-rules.ts';
import { outcomes, startProcess, type TestProcess } from './authserver.fixture.ts';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import { codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

const DOCUMENT = 'https://app.example/client.json';
const ids = (count: number) => Array.from({ length: count }, (_, at) => `dyn_${String(at).padStart(26, '0')}`);

/** The administration over some declared clients, registered ones, and a directory beside it. */
async function office(process: TestProcess, registered: readonly string[] = []) {
  const declared = withBuiltIn(
    () =>
      ['desk', 'night-job'].map((id) =>
        oauthClientSchema.parse({ kind: 'client', name: id, clientId: id, redirectUris: [`https://${id}.test/cb`] }),
      ),
    new URL('https://as.test'),
  );
  const read = readRegistration({ redirect_uris: ['https://c1.test/cb'] }, REGISTRATION_SETTINGS);
  if (!read.ok) throw new Error(read.error.description);
  const now = process.clock.now();
  for (const clientId of registered) {
    const row = { clientId, metadata: read.value, secretHash: undefined, tokenHash: undefined };
    await insertClient(process.database.db, { ...row, createdAt: now, changedAt: now, lastUsedAt: undefined });
  }
  return {
    clients: new ClientAdministration({ frame: process.frame, declared }),
    directory: new ClientDirectory({
      ...{ database: process.database, clock: process.clock, registration: REGISTRATION_SETTINGS, declared },
      secrets: { read: async () => expect.unreachable('no secret is asked for') },
    }),
  };
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'done',
    (error: unknown) => (error as { readonly code: string }).code,
  );

describe.each(dialects)('on %s', (dialect) => {
  test('a blocked client is none, whatever made it one, in every process', async () => {
    const process = await startProcess(dialect);
    const [dynamic = ''] = ids(1);
    const { clients, directory } = await office(process, [dynamic]);
    const elsewhere = await office(await process.beside());
    for (const clientId of ['desk', dynamic]) {
      expect((await elsewhere.directory.find(clientId))?.clientId).toBe(clientId);
      expect((await clients.block(operator(), clientId)).state).toBe('blocked');
      expect([await directory.find(clientId), await elsewhere.directory.find(clientId)]).toEqual([
        undefined,
        undefined,
      ]);
      expect((await clients.unblock(operator(), clientId)).state).toBe('active');
      expect((await elsewhere.directory.find(clientId))?.clientId).toBe(clientId);
    }
    expect(process.ended.map(({ what, id }) => `${what} ${id}`)).toEqual(
      ['desk', dynamic].flatMap((id) => [`client.disabled ${id}`, `client.enabled ${id}`]),
    );
    expect(outcomes(process)).toEqual(
      ['blocked', 'unblocked', 'blocked', 'unblocked'].map((what) => `client.${what} success`),
    );
  });

  test('one that was blocked since the backup is blocked after a restore, one that was let in again is not', async () => {
    const process = await startProcess(dialect);
    const ends = (what: string) => (what === 'client.disabled' ? new Map([[DOCUMENT, 5]]) : new Map<string, number>());
    await process.database.transaction(async (trx) => void (await authServerAfterRestore.replay?.(trx, ends, 9)));
    const { db } = process.database;
    expect([await isBlocked(db, DOCUMENT), await isBlocked(db, 'desk')]).toEqual([true, false]);
  });

  test('pages hold each client once, in an order that stays: declared, of documents, registered', async () => {
    const process = await startProcess(dialect);
    const { clients } = await office(process, ids(5));
    await clients.block(operator(), DOCUMENT);
    const all = ['chatelaine-cli', 'desk', 'night-job', DOCUMENT, ...ids(5)];
    for (const limit of [1, 2, 4, 100]) {
      const seen: string[] = [];
      for (let after: Parameters<typeof clients.page>[0]; ;) {
        const found = await clients.page(after, limit);
        const page = found.slice(0, limit);
        seen.push(...page.map(({ clientId }) => clientId));
        const last = page.at(-1);
        if (found.length <= limit || last === undefined) break;
        after = { origin: last.origin, clientId: last.clientId };
      }
      expect([limit, seen]).toEqual([limit, all]);
    }
  });

  test('only a registration can be deleted, and it stays in the ledger', async () => {
    const process = await startProcess(dialect);
    const [dynamic = ''] = ids(1);
    const { clients } = await office(process, [dynamic]);
    expect(await codeOf(clients.delete(operator(), 'desk'))).toBe('OAUTH_CLIENT_NOT_REGISTERED');
    expect(await codeOf(clients.delete(operator(), 'nobody'))).toBe('OAUTH_CLIENT_UNKNOWN');
    await clients.delete(operator(), dynamic);
    expect(await codeOf(clients.show(dynamic))).toBe('OAUTH_CLIENT_UNKNOWN');
    expect(process.ended).toContainEqual({ what: 'client.deleted', id: dynamic });
  });
});

test('a client that deletes its registration has no tokens any more (RFC 7592 §2.3)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const at = 'https://app.test/cb';
  const registered = await fetch(new URL('/oauth/register', process.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'App', redirect_uris: [at] }),
  });
  const made = (await registered.json()) as Record<string, string>;
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  const of = { client_id: made['client_id'] ?? '', redirect_uri: at };
  const { body } = await redeem(process, await codeFor(process, browser, verifier, of), verifier, of);
  const token = body['access_token'] as string;
  expect((await process.server.verifier.verify(token)).ok).toBe(true);
  const deleted = await fetch(new URL(made['registration_client_uri'] ?? ''), {
    method: 'DELETE',
    headers: { authorization: `Bearer ${made['registration_access_token']}` },
  });
  expect(deleted.status).toBe(204);
  expect(await process.server.verifier.verify(token)).toMatchObject({ ok: false, error: { reason: 'revoked' } });
});

test('a token says when its person proved who they are and how; refreshing it says the same (RFC 9068 §2.2.1)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  const first = await redeem(process, await codeFor(process, browser, verifier), verifier);
  const second = await refresh(process, first.body['refresh_token'] as string);
  const proofs = await Promise.all(
    [first, second].map(async ({ body }) => {
      const verified = await process.server.verifier.verify(body['access_token'] as string);
      if (!verified.ok) throw new Error(verified.error.reason);
      const { amr, authTime, access } = verified.value;
      return { amr, authTime, access: [...access] };
    }),
  );
  expect(proofs[0]).toEqual({ amr: ['pwd'], authTime: expect.any(Number), access: ['read', 'execute'] });
  expect(proofs[1]).toEqual(proofs[0]);
});

test('what a blocked client holds counts for nothing, also where its session were to go on', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier), verifier);
  // As by a token request that overlaps the blocking.
  await blockClient(process.database.db, 'c1', 1);
  const elsewhere = await startAuthorizationServer('sqlite', process);
  expect(await elsewhere.server.verifier.verify(body['access_token'] as string)).toMatchObject({
    ok: false,
    error: { reason: 'revoked', detail: 'client c1' },
  });
  expect((await refresh(elsewhere, body['refresh_token'] as string)).body['error']).toBe('invalid_client');
});
