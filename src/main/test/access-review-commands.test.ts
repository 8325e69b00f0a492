/** The commands over reviews of access: at a server, as the person who decides and the agent that opens. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram } from '#cli';
import { newId, reveal, systemClock } from '#kernel';
import { cliContext } from '../../../test/cli-context.ts';
import { startVending, type VendingServer } from './vending.fixture.ts';

let served: VendingServer;
let [admin, reviewer, reviewerId] = ['', '', ''];
beforeAll(async () => {
  served = await startVending();
  admin = (await served.key('root', { namespace: 'travel', roles: ['admin'], access: ['read', 'admin'] })).key;
  const { users, signIn } = served.services;
  const now = systemClock.now();
  reviewerId = newId(now);
  await users.insert(reviewerId, { name: 'rita', profile: { displayName: '', email: '' } });
  const session = {
    userId: reviewerId,
    kind: 'cli',
    stage: 'active',
    amr: ['pwd', 'otp', 'mfa'],
    authTime: now,
  } as const;
  const { token } = await signIn().sessions.begin({ ...session, address: '', device: '' }, async () => {});
  reviewer = `chs_${reveal(token)}`;
}, 120_000);
afterAll(() => served.close());

async function chatelaine(key: string, words: string): Promise<string> {
  let told = '';
  const context = cliContext({
    env: { CHATELAINE_KEY: key },
    stdout: { write: (text) => ((told += text), true) },
  });
  const args = [...(words.match(/"[^"]*"|\S+/g) ?? [])].map((word) => word.replaceAll('"', ''));
  await (await buildProgram(context)).parseAsync([...args, '--server', served.url.origin], { from: 'user' });
  return told;
}

test('a review is opened, decided, closed and reported', async () => {
  await served.key('worker', { namespace: 'travel', roles: ['user'] });
  const due = new Date(systemClock.now() + 3_600_000).toISOString();
  const words = `access-review open --namespace travel --title "spring review" --due ${due} --reviewer ${reviewerId}`;
  const { id } = JSON.parse(await chatelaine(admin, `${words} --json`)) as { readonly id: string };
  expect(await chatelaine(admin, 'access-review list')).toMatch(
    /ID\s+OF\s+STATE[\s\S]*travel\s+open.*0 of 4.*spring review/,
  );
  expect(await chatelaine(reviewer, 'access-review list --mine')).toContain(id);
  const lines = await chatelaine(reviewer, `access-review lines ${id} --state undecided`);
  expect(lines).toMatch(/LINE\s+WHO\s+WHAT/);
  const numberOf = (what: RegExp): string =>
    /^(\d+)/.exec(lines.split('\n').find((one) => what.test(one)) ?? '')?.[1] ?? '';
  const role = numberOf(/worker.*role user in travel/);
  const key = numberOf(/worker.*key for/);
  expect(await chatelaine(reviewer, `access-review keep ${id} ${role}`)).toBe(
    `Line ${role} (role user in travel) is kept.\n`,
  );
  expect(await chatelaine(reviewer, `access-review revoke ${id} ${key} --reason "left the team"`)).toMatch(
    /is revoked\.$/m,
  );
  await expect(chatelaine(admin, `access-review keep ${id} ${role}`)).rejects.toMatchObject({
    code: 'REVIEW_NOT_REVIEWER',
  });
  expect(await chatelaine(reviewer, `access-review show ${id}`)).toMatch(/Lines: 2 undecided, 1 kept, 1 revoked/);
  expect(await chatelaine(admin, `access-review close ${id}`)).toMatch(/: closed, /);
  expect(await chatelaine(admin, `access-review report ${id}`)).toMatch(/left the team/);
  expect(JSON.parse(await chatelaine(admin, `access-review report ${id} --json`))).toMatchObject({
    format: 'chatelaine-access-campaign/1',
  });
});
