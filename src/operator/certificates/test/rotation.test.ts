/** Rotation as a whole: whatever comes between, everybody believes everybody at every moment (seed invariant, OPR-007). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reveal, Secret } from '#kernel';
import { decideAuthority, readAuthorityState, type AuthorityWish } from '../index.ts';
import {
  Crash,
  ca,
  DAY,
  HOUR,
  leafNames,
  MINUTE,
  reconcile,
  refusal,
  sync,
  wishOf,
  World,
  type Mount,
} from './world.ts';

const begin = Date.UTC(2026, 11, 1);
const OWNERS = ['github', 'slack'];

type Event =
  | { readonly kind: 'time'; readonly ms: number; readonly parts: readonly number[]; readonly lags: readonly number[] }
  | { readonly kind: 'crash'; readonly writes: number }
  | { readonly kind: 'loss'; readonly what: string }
  | { readonly kind: 'damage'; readonly what: string; readonly key: string }
  | { readonly kind: 'rotate' };

const secretNames = ['login-ca', ...leafNames(OWNERS)];
const bundleNames = ['server', ...OWNERS].map((one) => `${one}-trust`);

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.integer({ min: 1, max: 4 * HOUR }),
      parts: fc.array(fc.integer({ min: 1, max: MINUTE }), { maxLength: 20 }),
      lags: fc.array(fc.integer({ min: 0, max: 4 * MINUTE }), { minLength: 3, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('crash' as const), writes: fc.integer({ min: 0, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('loss' as const),
      what: fc.constantFrom(...secretNames, ...bundleNames),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('damage' as const),
      what: fc.constantFrom(...secretNames),
      key: fc.constantFrom('active.key', 'active.crt', 'next.key', 'moments.json', 'tls.key', 'tls.crt'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'rotate' as const }) },
);

async function until(world: World, wish: AuthorityWish, writes = Infinity): Promise<void> {
  world.writesLeft = writes;
  try {
    await reconcile(world, wish, OWNERS);
  } catch (cause) {
    if (!(cause instanceof Crash)) throw cause;
  } finally {
    world.writesLeft = Infinity;
  }
}

function damage(world: World, what: string, key: string): void {
  const object = world.secrets.get(what);
  const data = object?.['data'] as Record<string, string> | undefined;
  if (object === undefined || data?.[key] === undefined) return;
  world.secrets.set(what, {
    ...object,
    metadata: { ...object.metadata, resourceVersion: `${object.metadata.resourceVersion}0` },
    data: { ...data, [key]: Buffer.from('damaged').toString('base64') },
  });
}

/** Pods with their mounts. Each sees what was written at the latest after its lag. */
class Pods {
  readonly mounts = new Map<string, Mount>(
    ['server', ...OWNERS].map((one) => [one, { chain: undefined, bundle: undefined }]),
  );
  readonly #synced = new Map<string, number>();

  syncAll(world: World): void {
    this.syncDue(world, [0, 0, 0]);
  }

  /** Each pod whose last look is at least its lag ago looks again. */
  syncDue(world: World, lags: readonly number[]): void {
    for (const [at, [owner, mount]] of [...this.mounts].entries())
      if (world.now - (this.#synced.get(owner) ?? 0) >= (lags[at] ?? 0)) {
        sync(world, mount, owner);
        this.#synced.set(owner, world.now);
      }
  }

  /** Who does not believe whom, and why. */
  distrust(now: number): readonly string[] {
    const server = this.mounts.get('server') as Mount;
    return OWNERS.flatMap((owner) => {
      const client = this.mounts.get(owner) as Mount;
      const [ofClient, ofServer] = [
        refusal(client.chain ?? '', server.bundle ?? '', now),
        refusal(server.chain ?? '', client.bundle ?? '', now),
      ];
      return [
        ...(ofClient === undefined ? [] : [`the server does not believe ${owner}: ${ofClient}`]),
        ...(ofServer === undefined ? [] : [`${owner} does not believe the server: ${ofServer}`]),
      ];
    });
  }
}

describe('rotation with overlap', () => {
  it('keeps every client and server trusting each other through random times, crashes, losses and damage', async () => {
    let rotations = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 40 }), async (events) => {
        const world = new World(begin);
        const pods = new Pods();
        let wish = wishOf();
        await until(world, wish);
        pods.syncAll(world);
        expect(pods.distrust(world.now)).toEqual([]);
        for (const one of events) {
          switch (one.kind) {
            case 'time':
              // The operator works on while pods see each thing only some minutes after it was written.
              for (const ms of one.parts) {
                world.now += ms;
                pods.syncDue(world, one.lags);
                expect(pods.distrust(world.now)).toEqual([]);
                await until(world, wish);
                expect(pods.distrust(world.now)).toEqual([]);
              }
              world.now += one.ms;
              pods.syncAll(world);
              expect(pods.distrust(world.now)).toEqual([]);
              await until(world, wish);
              expect(pods.distrust(world.now)).toEqual([]);
              break;
            case 'crash':
              await until(world, wish, one.writes);
              expect(pods.distrust(world.now)).toEqual([]);
              break;
            case 'loss':
              // Of two at once nothing could be known; before each the operator has seen what there was.
              await until(world, wish);
              world.secrets.delete(one.what);
              world.bundles.delete(one.what);
              await until(world, wish, 2);
              expect(pods.distrust(world.now)).toEqual([]);
              break;
            case 'damage':
              await until(world, wish);
              damage(world, one.what, one.key);
              break;
            case 'rotate':
              wish = wishOf({ madeAfter: world.now });
              break;
          }
        }
        rotations += world.steps.filter((step) => step === 'retire').length;
      }),
      { numRuns: 15, endOnFailure: true },
    );
    expect(rotations).toBeGreaterThan(2);
  }, 300_000);

  it('prepares, waits until every bundle holds the next root, activates, reissues, and then drops the old root', async () => {
    const world = new World(begin);
    await reconcile(world, wishOf(), OWNERS);
    expect(world.steps).toEqual(['create']);
    const before = readAuthorityState(world.read('login-ca'));
    world.now += 1000 + 10 * MINUTE;
    const wish = wishOf({ madeAfter: world.now });
    await reconcile(world, wish, OWNERS);
    expect(world.steps.slice(1)).toEqual(['prepare', 'distributed']);
    const prepared = readAuthorityState(world.read('login-ca'));
    expect(prepared.active?.cert).toBe(before.active?.cert);
    for (const name of bundleNames)
      expect(world.bundles.get(name)?.['ca.crt']).toBe(`${prepared.active?.root}${prepared.next?.root}`);
    world.now += 5 * MINUTE;
    await reconcile(world, wish, OWNERS);
    expect(world.steps.slice(3)).toEqual(['activate', 'replaced']);
    expect(Object.keys(world.read('login-ca')?.data ?? {}).filter((key) => key.endsWith('.key'))).toEqual([
      'active.key',
    ]);
    world.now += 5 * MINUTE;
    await reconcile(world, wish, OWNERS);
    expect(world.steps.slice(5)).toEqual(['retire']);
    for (const name of bundleNames) expect(world.bundles.get(name)?.['ca.crt']).toBe(prepared.next?.root);
  });

  it('rotates by itself before the authority ends, and never while nothing is due', async () => {
    const world = new World(begin);
    for (let day = 0; day < 60; day++) {
      for (let part = 0; part < 4; part++) {
        await reconcile(world, wishOf(), OWNERS);
        world.now += 6 * HOUR;
      }
    }
    expect(world.steps.filter((step) => step === 'activate')).toHaveLength(2);
    expect(world.steps.filter((step) => step === 'recover')).toHaveLength(0);
  });

  it('says when to come again, and comes to the same end when it is asked only then', async () => {
    const world = new World(begin);
    await reconcile(world, wishOf(), []);
    world.now += 20 * MINUTE;
    const wish = wishOf({ madeAfter: world.now });
    for (let turn = 0; turn < 3; turn++) {
      await reconcile(world, wish, []);
      const view = {
        kept: world.read('login-ca'),
        bundles: [world.bundles.get('server-trust')],
        leaves: [reveal(world.read('server-cert')?.data['tls.crt'] ?? new Secret(''))],
      };
      world.now = decideAuthority(ca, wish, view, world.now).due ?? world.now;
    }
    expect(world.steps).toEqual(['create', 'prepare', 'distributed', 'activate', 'replaced', 'retire']);
  });

  it('is not held up for ever by a bundle that never follows, nor by a certificate that cannot be read', async () => {
    const world = new World(begin);
    await reconcile(world, wishOf(), OWNERS);
    const kept = world.read('login-ca');
    world.now += 20 * MINUTE;
    const wish = wishOf({ madeAfter: world.now });
    const view = { kept, bundles: [undefined], leaves: [undefined] };
    const { step } = decideAuthority(ca, wish, view, world.now);
    expect(step?.name).toBe('prepare');
    await world.replace((await import('../index.ts')).secretObject(step?.write as never, owned));
    const later = (ms: number) => decideAuthority(ca, wish, { ...view, kept: world.read('login-ca') }, world.now + ms);
    expect(later(DAY).step).toBeUndefined();
    const forced = later(2 * DAY).step;
    expect(forced?.name).toBe('activate');
    await world.replace((await import('../index.ts')).secretObject(forced?.write as never, owned));
    expect(later(4 * DAY).step).toBeUndefined();
    expect(later(5 * DAY + HOUR).step?.name).toBe('retire');
  });
});

const owned = {
  ownerReferences: [
    {
      apiVersion: 'chatelaine.dev/v1alpha1',
      kind: 'MCPAuthServer',
      name: 'login',
      uid: 'uid-of-login',
      controller: true,
    },
  ],
};

describe('a view that is old (OPR-007)', () => {
  it('regenerates no key: a write is refused where the Secret is there by now, or is another one', async () => {
    const world = new World(begin);
    const view = { kept: undefined, bundles: [], leaves: [] };
    const one = decideAuthority(ca, wishOf(), view, begin).step?.write;
    const other = decideAuthority(ca, wishOf(), view, begin).step?.write;
    const { writeSecret } = await import('../index.ts');
    expect(await writeSecret(world, one as never, owned)).toBe('written');
    const first = world.read('login-ca');
    expect(await writeSecret(world, other as never, owned)).toBe('stale');
    expect(reveal(world.read('login-ca')?.data['active.key'] as Secret)).toBe(
      reveal(first?.data['active.key'] as Secret),
    );

    const rotate = wishOf({ madeAfter: begin + HOUR });
    const old = { ...view, kept: first };
    const step = decideAuthority(ca, rotate, old, begin + HOUR).step?.write;
    const again = decideAuthority(ca, rotate, old, begin + HOUR).step?.write;
    expect(await writeSecret(world, step as never, owned)).toBe('written');
    expect(await writeSecret(world, again as never, owned)).toBe('stale');
    world.secrets.delete('login-ca');
    expect(await writeSecret(world, again as never, owned)).toBe('stale');
  });

  it('lets no root of another namespace come to be trusted, also where the authority is new or was lost (OPR-001)', () => {
    const { cert } = ca.newAuthority({ name: 'evil', trustDomain: 'td.test', curve: 'P-256', lifetimeMs: DAY }, begin);
    const foreign = { 'ca.crt': cert, 'authorities.crt': cert };
    const { step } = decideAuthority(
      ca,
      wishOf(),
      { kept: undefined, bundles: [undefined, foreign], leaves: [cert] },
      begin,
    );
    expect(step?.name).toBe('create');
    expect(Object.values(step?.write.data ?? {}).map(reveal)).not.toContain(cert);
  });

  it('touches no Secret that belongs to somebody else', () => {
    const foreign = {
      name: 'login-ca',
      namespace: 'tools',
      uid: 'x',
      resourceVersion: '1',
      controllerUid: 'other',
      data: {},
    };
    const view = { kept: foreign, bundles: [], leaves: [] };
    expect(decideAuthority(ca, wishOf(), view, begin)).toMatchObject({ isForeign: true, signer: undefined });
    expect(
      decideAuthority(ca, wishOf(), { ...view, kept: { ...foreign, controllerUid: undefined } }, begin).step,
    ).toBeUndefined();
  });

  it('prints no key: what is decided and stored holds them as Secret (OPR-004)', async () => {
    const world = new World(begin);
    await reconcile(world, wishOf(), OWNERS);
    const { write } = decideAuthority(ca, wishOf(), { kept: undefined, bundles: [], leaves: [] }, begin).step ?? {};
    expect(JSON.stringify([write, world.read('login-ca'), readAuthorityState(world.read('login-ca'))])).not.toContain(
      'PRIVATE KEY',
    );
  });
});
