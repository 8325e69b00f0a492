/**
 * No request to the internal listener yields a token of an upstream unless person, session, owner and peer agree
 * (invariant 1), and a session of somebody else answers as none (invariant 2): searched for with random sign-ins,
 * documents, certificates and exchanges over real mutual TLS; and the search finds holes that are planted.
 */
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { reveal } from '#kernel';
import { SUBJECT, type Judged } from '../exchange-answer.ts';
import { Exchange, type PeerOwner } from '../exchange.ts';
import { OwnerRegistrations } from '../../resources/registrations.ts';
import { happenings } from './isolation.commands.ts';
import { IsolationModel } from './isolation.model.ts';
import { IsolationWorld } from './isolation.fixture.ts';

afterEach(() => void vi.restoreAllMocks());

function nobodyGetsOthers(world = new IsolationWorld()) {
  return fc.asyncProperty(happenings, async (commands) => {
    const model = new IsolationModel();
    await world.reset(model);
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
  });
}

test(
  'invariants 1 and 2: nobody gets a token of another person, session or owner, and refusals are alike (INT-013) (INT-018) (INT-020)',
  { timeout: 1_800_000 },
  async () => {
    const world = new IsolationWorld();
    await fc.assert(nobodyGetsOthers(world), { numRuns: Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 40) });
    expect([...world.tried.keys()]).toEqual(expect.arrayContaining(['granted', 'no handshake', 'nobody', 'subject']));
  },
);

const judge = Exchange.prototype.judge;
type Asked = Parameters<typeof judge>;
/** Puts this in the place of the judgement. */
const plant = (hole: (exchange: Exchange, ...asked: Asked) => Promise<Judged>): void => {
  vi.spyOn(Exchange.prototype, 'judge').mockImplementation(function (this: Exchange, ...asked: Asked) {
    return hole(this, ...asked);
  });
};
const nameOf = (owner = ''): string | undefined => owner.split('/')[1];

/** A cache before the judgement. */
function plantCache(keyOf: (...asked: Asked) => string, judgesFirst: boolean): void {
  const kept = new Map<string, Judged>();
  plant(async (exchange, ...asked) => {
    const key = keyOf(...asked);
    const known = kept.get(key);
    if (!judgesFirst && known !== undefined) return known;
    const judged = await judge.apply(exchange, asked);
    if (!('granted' in judged)) return judged;
    kept.set(key, known ?? judged);
    return known ?? judged;
  });
}

test.each<[string, () => void]>([
  [
    'owners compared by name, without their namespace',
    () =>
      plant(async (exchange, peer, request, thumbprint) => {
        const judged = await judge.call(exchange, peer, request, thumbprint);
        const theirs = judged.details?.['sessionOwner'];
        if (!('refused' in judged) || nameOf(theirs) !== nameOf(peer.registered.owner)) return judged;
        const uri = `spiffe://td.test/ns/${theirs?.replace('/', '/mcpserver/')}`;
        const as: PeerOwner | Judged = exchange.ownerOf({ ...peer.identity, uri });
        return 'registered' in as ? await judge.call(exchange, as, request, thumbprint) : judged;
      }),
  ],
  [
    'a cache whose key has no session',
    () => plantCache(({ registered }, { audience }) => `${registered.owner} ${audience}`, true),
  ],
  [
    'a cache that outlives the session',
    () =>
      plantCache(
        ({ identity }, { subjectToken, audience }) => `${identity.uri} ${reveal(subjectToken)} ${audience}`,
        false,
      ),
  ],
  [
    'a cache whose key has no owner',
    () => plantCache((_, { subjectToken, audience }) => `${reveal(subjectToken)} ${audience}`, false),
  ],
  [
    'sessions that stay with whoever has the name later',
    () => void vi.spyOn(OwnerRegistrations.prototype, 'covers').mockResolvedValue(true),
  ],
  [
    'a refusal that tells a foreign session from none',
    () =>
      plant(async (exchange, ...asked) => {
        const judged = await judge.apply(exchange, asked);
        if (!('reason' in judged) || judged.reason !== 'owner_mismatch') return judged;
        return { ...judged, refused: { ...SUBJECT, description: 'the session is of another owner' } };
      }),
  ],
])('the search finds a planted hole: %s', { timeout: 600_000 }, async (_, hole) => {
  hole();
  const found = await fc.check(nobodyGetsOthers(), { numRuns: 200, endOnFailure: true, seed: 7 });
  expect(found.errorInstance).toMatchObject({ name: 'AssertionError' });
});
