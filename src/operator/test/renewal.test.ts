/** Certificates and their authority over months, by a clock that is moved: everybody trusts everybody at each moment. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { ROTATE_ANNOTATION } from '../controllers/auth-server-keys.ts';
import {
  authConfig,
  authServer,
  gateway,
  group,
  mcpServer,
  MovedClock,
  openOperatorWorld,
  statusOf,
  type OperatorWorld,
} from './running-operator.fixture.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const LONG = { timeout: 60_000 };

const OWNERS = [
  ['MCPServer', 'weather', 'tools'],
  ['MCPGateway', 'front', 'tools'],
  ['MCPServer', 'far', 'other'],
] as const;

/** What is in the pods: certificates that are shown, and those that are trusted. */
interface Mounts {
  readonly shown: string;
  readonly trusted: string;
}
type Mounted = Readonly<Record<string, Mounts>>;

async function stored(world: OperatorWorld): Promise<Mounted> {
  const one = async (name: string, namespace: string, secret: string): Promise<[string, Mounts]> => {
    const data = ((await world.get('Secret', secret, namespace))?.['data'] ?? {}) as Record<string, string>;
    const trust = ((await world.get('ConfigMap', `${name}-trust`, namespace))?.['data'] ?? {}) as Record<
      string,
      string
    >;
    return [name, { shown: Buffer.from(data['tls.crt'] ?? '', 'base64').toString(), trusted: trust['ca.crt'] ?? '' }];
  };
  return Object.fromEntries(
    await Promise.all([
      one('login', 'identity', 'login-server-cert'),
      ...OWNERS.map(([, name, namespace]) => one(name, namespace, `${name}-client-cert`)),
    ]),
  );
}

const certificates = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );

/** Why a chain is not believed; undefined where it is. */
function doubt(shown: string, trusted: string, now: number): string | undefined {
  const [leaf] = certificates(shown);
  if (leaf === undefined) return 'nothing is shown';
  if (leaf.validToDate.getTime() <= now) return 'it has ended';
  const root = certificates(trusted).find((one) => leaf.checkIssued(one) && leaf.verify(one.publicKey));
  return root === undefined
    ? 'nobody knows who signed it'
    : root.validToDate.getTime() <= now
      ? 'who signed it has ended'
      : undefined;
}

/** Kubelets come in any order: whatever of before and of now is in each pod. */
function doubts(before: Mounted, now: Mounted, at: number): string[] {
  const found = new Set<string>();
  for (const server of [before, now])
    for (const owners of [before, now])
      for (const [, name] of OWNERS) {
        const [login, owner] = [server['login'] as Mounts, owners[name] as Mounts];
        for (const trust of [before, now]) {
          const ofOwner = doubt(owner.shown, (trust['login'] as Mounts).trusted, at);
          const ofServer = doubt(login.shown, (trust[name] as Mounts).trusted, at);
          if (ofOwner !== undefined) found.add(`${name} at login: ${ofOwner}`);
          if (ofServer !== undefined) found.add(`login at ${name}: ${ofServer}`);
        }
      }
  return [...found];
}

async function lookAtAll(world: OperatorWorld): Promise<void> {
  await world.touch('MCPAuthServer', 'login', 'identity');
  for (const [kind, name, namespace] of OWNERS) await world.touch(kind, name, namespace);
  await world.untilQuiet();
}

const serialOf = (mounts: Mounts): string => certificates(mounts.shown)[0]?.serialNumber ?? '';
const rootsIn = (mounted: Mounted): readonly number[] =>
  Object.values(mounted).map(({ trusted }) => certificates(trusted).length);

test(
  'certificates are renewed and an authority is rotated without a moment at which somebody is not believed',
  { timeout: 90_000 },
  async () => {
    const clock = new MovedClock();
    const world = await openOperatorWorld();
    const operator = await world.start({ wallClock: clock });
    const login = { name: 'login', namespace: 'identity' };
    const clientAuth = { trustDomain: 'example.com' };
    await world.create(
      authServer({ tls: { serverCert: { duration: '2160h', renewBefore: '720h' }, clientAuth } }, login),
    );
    const leads = { authServerRef: login };
    for (const namespace of ['tools', 'other'])
      await world.create(authConfig(leads, { name: 'as-the-caller', namespace }));
    await world.create(group());
    await world.create(gateway(leads));
    await world.create(mcpServer(leads));
    await world.create(mcpServer(leads, { name: 'far', namespace: 'other' }));
    for (const [kind, name, namespace] of OWNERS) await world.untilReady(kind, name, 'Ready', namespace);
    await world.untilQuiet();
    const begin = await stored(world);
    let before = begin;
    const pass = async (ms: number): Promise<void> => {
      clock.moved += ms;
      expect(doubts(before, before, clock.now())).toEqual([]);
      await lookAtAll(world);
      const now = await stored(world);
      expect(doubts(before, now, clock.now())).toEqual([]);
      before = now;
    };

    for (let days = 0; days < 98; days += 14) await pass(14 * DAY);
    for (const name of Object.keys(begin))
      expect([name, serialOf(before[name] as Mounts) === serialOf(begin[name] as Mounts)]).toEqual([name, false]);
    expect(rootsIn(before)).toEqual([1, 1, 1, 1]);
    const status = statusOf(await world.get('MCPServer', 'weather'))['clientCertificate'] as {
      readonly notAfter: string;
    };
    expect(Date.parse(status.notAfter)).toBeGreaterThan(clock.now());

    const old = before;
    const asked = { metadata: { annotations: { [ROTATE_ANNOTATION]: new Date(clock.now()).toISOString() } } };
    await world.change('MCPAuthServer', 'login', asked, 'identity');
    let most = 0;
    for (let turn = 0; turn < 8; turn++) {
      await pass(6 * MINUTE);
      most = Math.max(most, ...rootsIn(before));
      const isOver =
        rootsIn(before).every((count) => count === 1) &&
        doubt((before['login'] as Mounts).shown, (old['weather'] as Mounts).trusted, clock.now()) !== undefined;
      if (isOver) break;
    }
    expect(most).toBe(2);
    expect(rootsIn(before)).toEqual([1, 1, 1, 1]);
    for (const [, name] of OWNERS)
      expect([name, doubt((before[name] as Mounts).shown, (old['login'] as Mounts).trusted, clock.now())]).toEqual([
        name,
        'nobody knows who signed it',
      ]);
    // It was asked for once, and is done once.
    await pass(DAY);
    await pass(6 * MINUTE);
    expect(rootsIn(before)).toEqual([1, 1, 1, 1]);
    await operator.stop();
  },
);

test(
  'an authority that is lost is followed by another, and what it signed is believed until it is replaced',
  { timeout: 60_000 },
  async () => {
    const clock = new MovedClock();
    const world = await openOperatorWorld();
    await world.start({ wallClock: clock });
    const login = { name: 'login', namespace: 'identity' };
    await world.create(authServer({}, login));
    const leads = { authServerRef: login };
    for (const namespace of ['tools', 'other'])
      await world.create(authConfig(leads, { name: 'as-the-caller', namespace }));
    await world.create(group());
    await world.create(gateway(leads));
    await world.create(mcpServer(leads));
    await world.create(mcpServer(leads, { name: 'far', namespace: 'other' }));
    for (const [kind, name, namespace] of OWNERS) await world.untilReady(kind, name, 'Ready', namespace);
    await world.untilQuiet();
    let before = await stored(world);
    const lost = before;
    await world.remove('Secret', 'login-ca', 'identity');
    for (let turn = 0; turn < 8; turn++) {
      clock.moved += 6 * MINUTE;
      await lookAtAll(world);
      const now = await stored(world);
      expect(doubts(before, now, clock.now())).toEqual([]);
      before = now;
    }
    expect(rootsIn(before)).toEqual([1, 1, 1, 1]);
    expect(serialOf(before['login'] as Mounts)).not.toBe(serialOf(lost['login'] as Mounts));
    for (const [kind, name, namespace] of OWNERS) await world.untilReady(kind, name, 'Ready', namespace);
  },
);

test(
  'an authorization server that is made again under its name begins with an authority of its own at once',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await world.create(authServer());
    await world.untilReady('MCPAuthServer', 'login');
    const rootOf = async (): Promise<string> => {
      const trust = await world.get('ConfigMap', 'login-trust');
      return ((trust?.['data'] ?? {}) as Record<string, string>)['ca.crt'] ?? '';
    };
    const before = await rootOf();
    for (let turn = 0; turn < 4; turn++) {
      await world.remove('MCPAuthServer', 'login');
      await world.create(authServer());
    }
    await world.untilReady('MCPAuthServer', 'login');
    await world.until(async () => {
      const now = await rootOf();
      expect(certificates(now)).toHaveLength(1);
      expect(now).not.toBe(before);
    });
  },
);
