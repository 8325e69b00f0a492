import { expect, test } from 'vitest';
import { serverSchema } from '#contract';

const parse = (signIn: unknown) => serverSchema.safeParse({ kind: 'server', signIn });
const MINUTE = 60_000;

test('without `signIn` sessions and proofs last as long as they always have', () => {
  expect(serverSchema.parse({ kind: 'server' }).signIn).toEqual({
    browser: { idle: 30 * MINUTE, lifetime: 720 * MINUTE },
    commandLine: { idle: 480 * MINUTE, lifetime: 720 * MINUTE },
    recentProof: 10 * MINUTE,
  });
});

test('what is left out beside a shorter lifetime keeps its default', () => {
  expect(parse({ browser: { lifetime: '1h' } }).data?.signIn.browser).toEqual({
    idle: 30 * MINUTE,
    lifetime: 60 * MINUTE,
  });
});

test.each<[string, object, string]>([
  ['an idle time in which another server may not have learned of a use', { browser: { idle: '4m' } }, 'browser.idle'],
  ['a session that nobody has used for more than a day', { commandLine: { idle: '25h' } }, 'commandLine.idle'],
  ['a session over before it is of use', { browser: { lifetime: '1m' } }, 'browser.lifetime'],
  ['a session of more than thirty days', { commandLine: { lifetime: '31d' } }, 'commandLine.lifetime'],
  ['a proof that is old before the form is sent', { recentProof: '30s' }, 'recentProof'],
  ['a proof that proves nothing any more', { recentProof: '2h' }, 'recentProof'],
  ['a number without its unit', { recentProof: 600 }, 'recentProof'],
  ['a field that there is not', { stepUp: '5m' }, ''],
])('refuses %s', (_, signIn, path) => {
  const issues = parse(signIn).error?.issues ?? [];
  expect(issues.map((issue) => issue.path.join('.'))).toEqual([['signIn', path].filter(Boolean).join('.')]);
});
