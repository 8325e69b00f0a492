/**
 * An API server's Secrets and ConfigMaps, pods that see them later than they were written, and an operator that may end
 * between any two of its steps. Time is a number.
 */
import { X509Certificate } from 'node:crypto';
import { reveal } from '#kernel';
import { loadCertificateAuthority, pemBlocks } from '#tls';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import {
  bundleData,
  decideAuthority,
  decideLeaf,
  keptSecret,
  writeSecret,
  type AuthoritySource,
  type AuthorityWish,
  type KeptSecret,
  type LeafWish,
  type SecretWriter,
} from '../index.ts';

export const ca = await loadCertificateAuthority();
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Thrown where the operator ends. */
export class Crash extends Error {}

export class World implements SecretWriter {
  now: number;
  readonly secrets = new Map<string, KubernetesObject>();
  readonly bundles = new Map<string, Readonly<Record<string, string>>>();
  /** After so many writes the operator ends. */
  writesLeft = Infinity;
  writes = 0;
  readonly steps: string[] = [];
  #version = 0;

  constructor(now: number) {
    this.now = now;
  }

  async create(object: KubernetesObject) {
    this.#count();
    if (this.secrets.has(object.metadata.name)) return 'stale';
    this.#put(object, `uid-${++this.#version}`);
    return 'written';
  }

  async replace(object: KubernetesObject) {
    this.#count();
    const { name, uid, resourceVersion } = object.metadata;
    const there = this.secrets.get(name)?.metadata;
    if (there === undefined || there.uid !== uid || there.resourceVersion !== resourceVersion) return 'stale';
    this.#put(object, uid as string);
    return 'written';
  }

  #put(object: KubernetesObject, uid: string): void {
    this.secrets.set(object.metadata.name, {
      ...object,
      metadata: { ...object.metadata, uid, resourceVersion: String(++this.#version) },
    });
  }

  publish(name: string, data: Readonly<Record<string, string>>): void {
    if (JSON.stringify(this.bundles.get(name)) === JSON.stringify(data)) return;
    this.#count();
    this.bundles.set(name, data);
  }

  #count(): void {
    if (this.writesLeft-- <= 0) throw new Crash('the operator ends');
    this.writes++;
  }

  read(name: string): KeptSecret | undefined {
    const object = this.secrets.get(name);
    return object && keptSecret(object);
  }
}

/** The names of the owners of a world, the server first. */
export const leafNames = (owners: readonly string[]): readonly string[] =>
  ['server', ...owners].map((one) => `${one}-cert`);

export const ownRequest = {
  ...{ name: 'tools login', trustDomain: 'td.test', curve: 'P-256' as const, lifetimeMs: 30 * DAY },
  permittedDnsNames: ['login-internal.tools.svc'],
} as const;

export const wishOf = (source: Partial<AuthoritySource & { kind: 'own' }> = {}): AuthorityWish => ({
  ...{ name: 'login-ca', namespace: 'tools', ownerUid: 'uid-of-login' },
  source: { kind: 'own', request: ownRequest, rotateBeforeMs: 10 * DAY, ...source },
  ...{ settleMs: 5 * MINUTE, patienceMs: 2 * DAY, longestLeafMs: 3 * DAY },
});

export function leafWish(name: string): LeafWish {
  const owner = name.replace(/-cert$/, '');
  return {
    ...{ name, namespace: 'tools', ownerUid: 'uid-of-login', trustDomain: 'td.test' },
    ...(owner === 'server'
      ? { dnsNames: ['login-internal.tools.svc'], purposes: ['server'] }
      : { spiffeId: `spiffe://td.test/ns/tools/mcpserver/${owner}`, dnsNames: [], purposes: ['client'] }),
    ...{ durationMs: 2 * DAY, renewBeforeMs: 12 * HOUR },
  };
}

const METADATA = {
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

/** All that one reconcile does: steps until there is none, bundles of what is stored, then certificates. */
export async function reconcile(world: World, wish: AuthorityWish, owners: readonly string[]): Promise<void> {
  const leaves = leafNames(owners);
  const places = ['server', ...owners].map((one) => `${one}-trust`);
  for (let turn = 0; turn < 20; turn++) {
    const kept = leaves.map((name) => world.read(name));
    const textOf = (key: string) => kept.map((one) => one?.data[key] && reveal(one.data[key]));
    const decision = decideAuthority(
      ca,
      wish,
      {
        kept: world.read(wish.name),
        bundles: places.map((name) => world.bundles.get(name)),
        ...{
          leaves: textOf('tls.crt'),
          evidence: [world.bundles.get('server-trust')?.['authorities.crt'], textOf('ca.crt')[0]],
        },
      },
      world.now,
    );
    const before = world.writes;
    if (decision.step !== undefined) {
      if ((await writeSecret(world, decision.step.write, METADATA)) === 'written') world.steps.push(decision.step.name);
      continue;
    }
    for (const name of places) world.publish(name, bundleData(decision.trusted));
    for (const [at, name] of leaves.entries()) {
      const { write } = decideLeaf(ca, leafWish(name), kept[at], decision.signer, world.now);
      if (write !== undefined) await writeSecret(world, write, METADATA);
    }
    if (world.writes === before) return;
  }
  throw new Error('it does not come to rest');
}

/** What a pod has mounted. What is deleted in the API server stays mounted. */
export interface Mount {
  chain: string | undefined;
  bundle: string | undefined;
}

export function sync(world: World, mount: Mount, owner: string): void {
  const chain = world.read(`${owner}-cert`)?.data['tls.crt'];
  // What cannot be used is not taken over by a process that has something in use (`tls/live`).
  if (chain !== undefined && reveal(chain).startsWith('-----BEGIN')) mount.chain = reveal(chain);
  mount.bundle = world.bundles.get(`${owner}-trust`)?.['ca.crt'] ?? mount.bundle;
}

/** Why whoever has `bundle` does not believe `chain` at `now` (RFC 5280 §6.1); undefined where it does. */
export function refusal(chain: string, bundle: string, now: number): string | undefined {
  const read = (text: string) => (pemBlocks(text) ?? []).map(({ der }) => new X509Certificate(der));
  const [leaf, ...between] = read(chain);
  const anchors = read(bundle);
  if (leaf === undefined) return 'nothing is shown';
  const isNow = (one: X509Certificate) => one.validFromDate.getTime() <= now && now < one.validToDate.getTime();
  const isBy = (one: X509Certificate, issuer: X509Certificate) =>
    one.checkIssued(issuer) && one.verify(issuer.publicKey);
  for (let at = leaf, turn = 0; turn < 5; turn++) {
    if (!isNow(at)) return `${at.subject} is not valid now`;
    if (anchors.some((anchor) => isNow(anchor) && isBy(at, anchor))) return undefined;
    const issuer = between.find((one) => one.ca && isBy(at, one));
    if (issuer === undefined) return `nobody known issued ${leaf.subjectAltName}`;
    at = issuer;
  }
  return 'the chain does not end';
}
