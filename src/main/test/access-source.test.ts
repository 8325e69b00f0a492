/** What an access review is told of secrets: those that the tools use that somebody may call. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EVERYWHERE, type Role } from '#contract';
import { operator } from '#identity';
import { parseSecretMaterial } from '#vault';
import { accessSource } from '../services/access-source.ts';
import { toolSecrets, type Services } from '../services/index.ts';
import { withServices } from './api.fixture.ts';

const START = Date.UTC(2026, 10, 21);
const by = operator();
const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
const record = async (): Promise<void> => {};

/** Services over real files, and a clock that stands until it is moved. */
async function withData(work: (services: Services, clock: { at: number; now(): number }) => Promise<void>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'chatelaine-access-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const clock = { at: START, now: () => clock.at };
  await withServices(dataDir, clock, (services) => work(services, clock));
}

/** Names of the secrets of each holder. */
async function secretsOf({ identity, vault, audit }: Services, clock: { now(): number }) {
  const found: Record<string, readonly string[]> = {};
  for await (const { name, secrets } of accessSource({ identity, secrets: vault.secrets, audit, clock }).holders()) {
    found[name] = secrets.map((one) => `${one.namespace}/${one.name}${one.lastUsedAt === undefined ? '' : ' used'}`);
  }
  return found;
}

test('whoever may call tools uses the secrets of their namespaces, also through a group; nobody else does', () =>
  withData(async (services, clock) => {
    const { identity, vault } = services;
    for (const namespace of ['home', 'travel']) {
      await vault.secrets.put({ namespace, name: 'db', material }, record);
    }
    const agent = async (name: string, role: Role, namespace = 'home') => {
      const roles = namespace === EVERYWHERE ? [] : [role];
      const made = await identity.agents.create(by, {
        name,
        namespace: roles.length === 0 ? 'home' : namespace,
        roles,
      });
      return { kind: 'agent', id: made.id } as const;
    };
    await agent('caller', 'user');
    await agent('owner', 'admin', 'travel');
    await agent('auditor', 'auditor');
    await agent('publisher', 'tool_publisher');
    const global = await agent('global', 'user', EVERYWHERE);
    await identity.roles.create(by, { role: 'user', namespace: EVERYWHERE, subject: global });
    const member = await agent('member', 'auditor');
    const group = await identity.groups.create(by, { namespace: 'home', name: 'callers' });
    await identity.groups.addMember(by, 'home', 'callers', member);
    await identity.roles.create(by, { role: 'user', namespace: 'travel', subject: { kind: 'group', id: group.id } });
    expect(await secretsOf(services, clock)).toEqual({
      caller: ['home/db'],
      owner: ['travel/db'],
      auditor: [],
      publisher: [],
      global: ['home/db', 'travel/db'],
      member: ['travel/db'],
    });
  }));

test('a secret that is disabled or has ended can be used by nobody; each page of them is looked at', () =>
  withData(async (services, clock) => {
    const { identity, vault } = services;
    await identity.agents.create(by, { name: 'caller', namespace: 'home', roles: ['user'] });
    const put = (name: string, more: object = {}) =>
      vault.secrets.put({ namespace: 'home', name, material, ...more }, record);
    await put('ended', { expiresAt: START + 1000 });
    await put('off');
    await vault.secrets.setState({ namespace: 'home', name: 'off' }, 'disabled', record);
    for (let at = 100; at < 205; at++) await put(`s${at}`);
    clock.at += 1000;
    const { caller } = await secretsOf(services, clock);
    expect(caller).toEqual(Array.from({ length: 105 }, (_, at) => `home/s${at + 100}`));
  }));

test('when a secret was used last comes from the record, and is not what another of its name was', () =>
  withData(async (services, clock) => {
    const { identity, vault, audit } = services;
    await identity.agents.create(by, { name: 'caller', namespace: 'home', roles: ['user'] });
    const db = { namespace: 'home', name: 'db' };
    await vault.secrets.put({ ...db, material }, record);
    expect(await secretsOf(services, clock)).toEqual({ caller: ['home/db'] });
    await toolSecrets(vault.reader, audit).read(db, { namespace: 'home', by: 'source shop', connection: 'c1' });
    expect(await secretsOf(services, clock)).toEqual({ caller: ['home/db used'] });
    await vault.secrets.delete(db, record);
    await vault.secrets.put({ ...db, material }, record);
    expect(await secretsOf(services, clock)).toEqual({ caller: ['home/db'] });
  }));
