import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newId, Secret, silentLogger, systemClock, type Clock } from '#kernel';
import { serverSchema, type Role, type ServerSettings } from '#contract';
import { openAuditLog } from '#audit';
import { createBackup, FileLedger, makeKeyPair, noteVerification, parseRecipient } from '#backup';
import { keyringFile, openDatabase, restoreMarker, stateFile, type Database } from '#db';
import { checks, examine, type Disk, type Finding } from '#doctor';
import { openIdentity, type Identity, operator } from '#identity';
import { openVault, parseSecretMaterial, sameNamespace, subjectScope } from '#vault';
import { testAuthority } from '../../../test/certificates.ts';
import { declared } from '../../../test/declared.ts';
import { systemDisk } from '../examine.ts';
import { documentOf, emptyPlace } from '../../../test/databases.ts';

const DAY_MS = 86_400_000;
const record = async (): Promise<void> => {};
const pair = makeKeyPair();

/** A volume that is not the one of temporary files: memory. */
const SHARED_MEMORY = '/dev/shm';
const hasTwoVolumes = existsSync(SHARED_MEMORY) && statSync(SHARED_MEMORY).dev !== statSync(tmpdir()).dev;

const folderOn = (volume: string): string => {
  const folder = mkdtempSync(join(volume, 'chatelaine-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

interface Healthy {
  readonly directory: string;
  readonly elsewhere: string;
  readonly document: Record<string, unknown>;
  readonly environment: Record<string, string>;
  /** Runs `work` as a server or a command would, and closes everything. */
  inside(work: (identity: Identity) => Promise<unknown>, clock?: Clock): Promise<void>;
  examined(options?: {
    readonly clock?: Clock;
    readonly disk?: Disk;
    readonly documents?: string;
  }): Promise<readonly Finding[]>;
}

const call = {
  class: 'tool-call',
  type: 'tool.call',
  door: 'mcp',
  actor: { kind: 'agent', iss: 'chatelaine', sub: 'bot', name: 'bot' },
  action: 'call',
  outcome: 'success',
} as const;

const ONE_LIMIT = `
kind: limit
name: everybody
everywhere: true
per: principal
limits: 1000 calls per 1h
`;

/** An installation with nothing to find: each test then spoils one thing. */
async function healthy(): Promise<Healthy> {
  const directory = folderOn(tmpdir());
  const elsewhere = folderOn(hasTwoVolumes ? SHARED_MEMORY : tmpdir());
  const folders = { ledger: join(elsewhere, 'ledger'), backups: join(elsewhere, 'backups') };
  const document: Record<string, unknown> = {
    kind: 'server',
    ledger: folders.ledger,
    backup: { folder: folders.backups, recipient: pair.recipient },
    audit: { anchors: [{ type: 'file', name: 'elsewhere', path: join(elsewhere, 'anchor.log') }] },
  };
  const environment: Record<string, string> = {};
  const settings = (): ServerSettings => serverSchema.parse(document);
  const place = { file: stateFile(directory) };
  const inside = async (work: (identity: Identity) => Promise<unknown>, clock: Clock = systemClock): Promise<void> => {
    const database = await openDatabase({ ...place, clock });
    const ledger = new FileLedger(folders.ledger, clock);
    const trail = await openAuditLog({ root: join(directory, 'audit'), clock, logger: silentLogger });
    const identity = openIdentity({ database, clock, log: silentLogger, trail, ledger });
    await work(identity);
    await identity.close();
    await trail.close();
    await database.close();
  };
  await inside(async (identity) => {
    await identity.keys.create(operator(), { agent: 'bot', lifetimeMs: 30 * DAY_MS });
    const { key } = await identity.keys.create(operator(), { agent: 'bot' });
    await identity.keys.revoke(operator(), key.id);
  });
  const log = await openAuditLog({ root: join(directory, 'audit'), clock: systemClock, logger: silentLogger });
  for (let count = 0; count < 5; count++) {
    await log.append(call);
  }
  await log.close();
  const { manifest } = await createBackup({
    place,
    dataDirectory: directory,
    ledger: new FileLedger(folders.ledger, systemClock),
    folder: folders.backups,
    recipient: parseRecipient(pair.recipient),
    clock: systemClock,
    version: '1',
  });
  noteVerification(folders.backups, manifest.id, Date.now());
  return {
    directory,
    elsewhere,
    document,
    environment,
    inside,
    examined: (options = {}) =>
      examine({
        settings: settings(),
        declared: declared(options.documents ?? ONE_LIMIT),
        dataDirectory: directory,
        environment,
        clock: options.clock ?? systemClock,
        ...(options.disk && { disk: options.disk }),
      }),
  };
}

const idsOf = (findings: readonly Finding[]): readonly string[] => [...new Set(findings.map(({ check }) => check))];

/** The findings of one check, as `severity: what`. */
const saidBy = (check: string, findings: readonly Finding[]): string =>
  findings
    .filter((finding) => finding.check === check)
    .map(({ severity, what }) => `${severity}: ${what}`)
    .join('\n');

const later = (days: number): Clock => ({ now: () => Date.now() + days * DAY_MS });

/** Of one temporary volume alone, what the three checks of volumes say is not asked. */
const VOLUMES = hasTwoVolumes ? [] : ['ledger', 'backups', 'anchors'];

test('a healthy installation has no finding', async () => {
  const start = await healthy();
  // Whatever room the machine of the tests has.
  const disk: Disk = { ...systemDisk, space: () => ({ free: 1, total: 1 }) };
  expect(idsOf(await start.examined({ disk })).filter((id) => !VOLUMES.includes(id))).toEqual([]);
});

test('a look changes nothing: no mode, no byte, no file more or less, and no row', async () => {
  const start = await healthy();
  chmodSync(stateFile(start.directory), 0o644);
  rmSync(keyringFile(start.directory));
  rmSync(join(start.directory, 'audit', 'writers'), { recursive: true });
  const before = traces(start.directory);
  await start.examined();
  expect(traces(start.directory)).toEqual(before);
});

/** Everything that lies in a folder: mode, size, time of the last change. */
function traces(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const { mode, size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${mode.toString(8)} ${size} ${mtimeMs}`;
    });
}

interface Seed {
  readonly check: string;
  readonly title: string;
  readonly spoil: (start: Healthy) => unknown;
  readonly says: RegExp;
  readonly clock?: Clock;
  readonly disk?: (start: Healthy) => Disk;
  /** Of the configuration, beside what `spoil` does. */
  readonly documents?: string;
}

const oneVolume: Disk = { volumeOf: () => 1, space: () => ({ free: 1, total: 1 }) };
const nearlyFull: Disk = { volumeOf: (path) => path.length, space: () => ({ free: 1024, total: 1024 * 1024 }) };

/** Wherever a certificate is named, one that has expired. */
function expiredCertificateSeeds(): readonly Seed[] {
  const cert = testAuthority('test').cert;
  const receiver = { name: 'siem', tls: { ca: cert } };
  const named: readonly (readonly [field: string, document: object])[] = [
    ['tls.certificate', { tls: { certificate: cert, key: 'x' } }],
    [
      'agentListener.certificate',
      { agentListener: { certificate: cert, key: 'x', clientCa: cert, trustDomain: 'a.test' } },
    ],
    [
      'agentListener.clientCa',
      { tls: { certificate: cert, key: 'x' }, agentListener: { clientCa: cert, trustDomain: 'a.test' } },
    ],
    ['audit.exports.siem.tls.ca', { audit: { exports: [{ format: 'ocsf', url: 'https://siem.test/', ...receiver }] } }],
    [
      'audit.exports.siem.tls.cert',
      { audit: { exports: [{ format: 'cef', host: 'siem.test', name: 'siem', tls: { cert, key: 'x' } }] } },
    ],
    ['audit.anchors.siem.tls.ca', { audit: { anchors: [{ type: 'syslog', host: 'siem.test', ...receiver }] } }],
    [
      'audit.anchors.siem.tls.ca',
      { audit: { anchors: [{ type: 'webhook', url: 'https://siem.test/', secret: 'x', ...receiver }] } },
    ],
  ];
  return named.map(([field, document]) => ({
    check: 'certificates',
    title: `one that has expired under ${field}`,
    spoil: (start) => Object.assign(start.document, document),
    says: new RegExp(`^error: a certificate of \`${field.replaceAll('.', '\\.')}\` has expired$`, 'm'),
    clock: later(100_000),
  }));
}

/** A tool in the toolset `desk`, with a tag. */
const PAY = `
kind: source
name: db
type: sqlite
database: ':memory:'
---
kind: tool
name: pay
type: sqlite-sql
source: db
description: Pays.
statement: SELECT 1
tags: [money]
`;

const APPROVED = (whose: string): string =>
  `@approval(${JSON.stringify(whose)}) permit (principal in Role::"user", action, resource in Namespace::"default");`;

const seeds: readonly Seed[] = [
  {
    check: 'database',
    title: 'a restore that was cut short',
    spoil: ({ directory }) => writeFileSync(restoreMarker(directory), '{}', { mode: 0o600 }),
    says: /^error: RESTORE_INCOMPLETE/,
  },
  {
    check: 'database',
    title: 'no database',
    spoil: ({ directory }) => rmSync(stateFile(directory)),
    says: /^error: DATABASE_MISSING/,
  },
  {
    check: 'files',
    title: 'a key file that others may read',
    spoil({ directory }) {
      writeFileSync(join(directory, 'request-state.key'), 'x');
      chmodSync(join(directory, 'request-state.key'), 0o644);
    },
    says: /^error: others may use `\S+request-state\.key` \(mode 644\)$/,
  },
  {
    check: 'files',
    title: 'a data directory that others may enter',
    spoil: ({ directory }) => chmodSync(directory, 0o755),
    says: /^error: others may use/,
  },
  {
    check: 'files',
    title: 'a database that others may read',
    spoil: ({ directory }) => chmodSync(stateFile(directory), 0o644),
    says: /^error: others may use `\S+chatelaine\.db` \(mode 644\)$/,
  },
  {
    check: 'keyring',
    title: 'a keyring that is gone',
    spoil: ({ directory }) => rmSync(keyringFile(directory)),
    says: /^error: there is no keyring at `\S+keyring\.db`/,
  },
  {
    check: 'environment',
    title: 'a runtime that checks no certificate',
    spoil: ({ environment }) => Object.assign(environment, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    says: /^error: `NODE_TLS_REJECT_UNAUTHORIZED=0`/,
  },
  {
    check: 'environment',
    title: 'an open debugger',
    spoil: ({ environment }) => Object.assign(environment, { NODE_OPTIONS: '--inspect=0.0.0.0:9229' }),
    says: /^error: .*debugger/,
  },
  {
    check: 'transport',
    title: 'an address that is reachable past the proxy',
    spoil: ({ document }) => Object.assign(document, { host: '0.0.0.0', tlsTerminatedBy: 'nginx' }),
    says: /^warning: `host: 0\.0\.0\.0`/,
  },
  {
    check: 'transport',
    title: 'a proxy behind which nobody can be told apart',
    spoil: ({ document }) => Object.assign(document, { tlsTerminatedBy: 'nginx' }),
    says: /^warning: everybody comes from the address of `nginx`/,
  },
  {
    check: 'transport',
    title: 'telemetry in the clear',
    spoil: ({ document }) => Object.assign(document, { telemetry: { otlpEndpoint: 'http://collector.example:4318' } }),
    says: /^warning: traces go to `collector\.example:4318` in the clear/,
  },
  ...expiredCertificateSeeds(),
  {
    check: 'transport',
    title: 'pages in the clear that may call',
    spoil: ({ document }) => Object.assign(document, { allowedOrigins: ['http://app.example', 'https://app.example'] }),
    says: /^warning: pages of `http:\/\/app\.example` may call[^\n]*$/,
  },
  {
    check: 'transport',
    title: 'metrics for everybody',
    spoil: ({ document }) => Object.assign(document, { metrics: { host: '0.0.0.0' } }),
    says: /^warning: `metrics\.host: 0\.0\.0\.0`/,
  },
  {
    check: 'second-factors',
    title: 'an administrator without one, by a role of their own',
    spoil: (start) => person(start, 'root', ['admin']),
    says: /^warning: `root` may administer, and has no second factor/,
  },
  {
    check: 'second-factors',
    title: 'a policy administrator without one, by a group',
    spoil: (start) => person(start, 'paula', [], { group: 'policy_admin' }),
    says: /^warning: `paula` may administer/,
  },
  {
    check: 'rewrap',
    title: 'a change of the wrapping key that was not finished',
    async spoil({ directory, document }) {
      await seal(directory, 'namespace', 'vault.key');
      await seal(directory, 'subject', 'new.key', ['vault.key']);
      const file = (name: string) => ({ type: 'file', file: join(directory, name) });
      document['vault'] = { keyWrapper: file('new.key'), previousKeyWrappers: [file('vault.key')] };
    },
    says: /^warning: data keys are wrapped by 2 wrapping keys/,
  },
  {
    check: 'anchors',
    title: 'an audit log without an anchor',
    spoil: ({ document }) => delete document['audit'],
    says: /^warning: the audit log has no anchor/,
  },
  {
    check: 'anchors',
    title: 'an anchor on the volume of the data',
    spoil: () => undefined,
    disk: () => oneVolume,
    says: /^warning: every anchor of the audit log is a file on the volume/,
  },
  {
    check: 'secrets',
    title: 'a secret that has expired',
    spoil: ({ directory }) => keep(directory, { expiresAt: Date.now() + DAY_MS }),
    clock: later(2),
    says: /^error: the secret `secret:\/\/default\/db` has expired/,
  },
  {
    check: 'secrets',
    title: 'a secret that soon expires',
    spoil: ({ directory }) => keep(directory, { expiresAt: Date.now() + 20.5 * DAY_MS }),
    says: /^warning: the secret `secret:\/\/default\/db` expires in 20 days$/,
  },
  {
    check: 'secrets',
    title: 'a secret of more than a year',
    spoil: ({ directory }) => keep(directory, {}, later(-400)),
    says: /^warning: the secret `secret:\/\/default\/db` is 400 days old$/,
  },
  {
    check: 'sessions',
    title: 'sessions and proofs that hold for long',
    spoil: ({ document }) =>
      Object.assign(document, {
        signIn: { browser: { idle: '2h', lifetime: '30d' }, commandLine: { lifetime: '30d' }, recentProof: '30m' },
      }),
    says: /^warning: `signIn\.browser\.idle` .*\nwarning: `signIn\.browser\.lifetime` .*\nwarning: `signIn\.commandLine\.lifetime` .*\nwarning: `signIn\.recentProof` is 30 min/,
  },
  {
    check: 'expiry',
    title: 'a key for ever',
    spoil: ({ inside }) => inside((identity) => identity.keys.create(operator(), { agent: 'eternal' })),
    says: /^warning: the key `\w+` of `eternal` never expires$/,
  },
  {
    check: 'privileges',
    title: 'a key for ever of an agent that was given `admin`',
    spoil: ({ inside }) =>
      inside(async (identity) => {
        const { agent } = await identity.keys.create(operator(), { agent: 'raised' });
        const subject = { kind: 'agent', id: agent.id } as const;
        await identity.roles.create(operator(), { role: 'admin', namespace: '*', subject });
      }),
    says: /^warning: the key `\w+` of `raised` has the role `admin` and never expires$/,
  },
  ...certificateSeeds(),
  {
    check: 'encryption',
    title: 'the wrapping key beside what it encrypts',
    spoil: ({ directory }) => seal(directory, 'namespace', 'vault.key'),
    says: /^warning: .*vault\.key` lies beside the database/,
  },
  {
    check: 'keyring',
    title: 'a keyring that was not put back',
    async spoil({ directory }) {
      await seal(directory, 'subject', 'other.key');
      for (const end of ['', '-wal', '-shm']) rmSync(`${keyringFile(directory)}${end}`, { force: true });
    },
    says: /^error: the keyring lacks 1 keys/,
  },
  {
    check: 'audit',
    title: 'no audit log',
    spoil: ({ directory }) => rmSync(join(directory, 'audit'), { recursive: true }),
    says: /^warning: there is no audit log/,
  },
  {
    check: 'audit',
    title: 'a log that was cut off behind its checkpoint',
    spoil: ({ directory }) => rmSync(join(directory, 'audit', 'writers'), { recursive: true }),
    says: /^error: the record \d+ of the chain/,
  },
  {
    check: 'audit',
    title: 'a checkpoint that was changed',
    spoil({ directory }) {
      const file = join(directory, 'audit', 'checkpoints.log');
      const text = readFileSync(file, 'utf8');
      const last = text.lastIndexOf('\n', text.length - 2) + 1;
      writeFileSync(file, `${text.slice(0, last)}${text[last] === 'A' ? 'B' : 'A'}${text.slice(last + 1)}`);
    },
    says: /^error: the (?:last )?checkpoint.* of the audit log (?:does not bear|is not as)/,
  },
  {
    check: 'audit',
    title: 'checkpoints that are gone',
    spoil: ({ directory }) => rmSync(join(directory, 'audit', 'checkpoints.log')),
    says: /^error: the checkpoint \d+ of the audit log is missing/,
  },
  {
    check: 'audit',
    title: 'a last checkpoint that was cut off',
    spoil({ directory }) {
      const file = join(directory, 'audit', 'checkpoints.log');
      const lines = readFileSync(file, 'utf8').split('\n');
      writeFileSync(file, `${lines.slice(0, -2).join('\n')}\n`);
    },
    says: /^error: the checkpoint \d+ of the audit log is missing/,
  },
  {
    check: 'audit',
    title: 'a last checkpoint that is no text',
    spoil({ directory }) {
      const file = join(directory, 'audit', 'checkpoints.log');
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0xff, bytes.length - 9, bytes.length - 8));
    },
    says: /^error: the last checkpoint of the audit log is not as it was written/,
  },
  {
    check: 'audit',
    title: 'a log that others may use',
    spoil: ({ directory }) => chmodSync(join(directory, 'audit'), 0o755),
    says: /^error: AUDIT_UNSAFE/,
  },
  {
    check: 'deliveries',
    title: 'an export and an anchor that have received nothing',
    spoil: ({ document, elsewhere }) =>
      Object.assign(document, {
        audit: {
          exports: [{ format: 'ocsf', name: 'siem', url: 'https://siem.test/' }],
          anchors: [{ type: 'file', name: 'worm', path: join(elsewhere, 'anchor') }],
        },
      }),
    clock: { now: () => Date.now() + 2 * 3_600_000 },
    says: /^warning: the receiver `worm` lacks \d+ of the audit log, the first for .*\nwarning: the receiver `siem` lacks \d+/,
  },
  {
    check: 'deliveries',
    title: 'an export that holds retention back',
    spoil: ({ document }) =>
      Object.assign(document, {
        audit: {
          exports: [{ format: 'ocsf', name: 'siem', url: 'https://siem.test/' }],
          retention: { keep: '1d' },
        },
      }),
    clock: later(2),
    says: /^error: the receiver `siem` lacks \d+ of the audit log, .*, and holds retention back$/,
  },
  {
    check: 'ledger',
    title: 'a ledger that is gone although something was revoked',
    spoil: ({ elsewhere }) => rmSync(join(elsewhere, 'ledger'), { recursive: true }),
    says: /^error: something was revoked, and there is no ledger/m,
  },
  {
    check: 'ledger',
    title: 'a ledger that was changed',
    spoil({ elsewhere }) {
      const file = join(elsewhere, 'ledger', 'ledger.log');
      writeFileSync(file, readFileSync(file, 'utf8').replace('revoked', 'rewoked'));
    },
    says: /^error: the entry 1 of .* is not what was written/m,
  },
  {
    check: 'ledger',
    title: 'a ledger on the volume of the data',
    spoil: () => undefined,
    disk: () => oneVolume,
    says: /^warning: the ledger .* lies on the volume of the data directory/,
  },
  {
    check: 'backups',
    title: 'no backups',
    spoil: ({ document }) => delete document['backup'],
    says: /^warning: no backups are made/,
  },
  {
    check: 'backups',
    title: 'a backup that is overdue',
    spoil: () => undefined,
    clock: later(3),
    says: /^error: a backup is due every 24 h, and in .* the newest is 72 h old/m,
  },
  {
    check: 'backups',
    title: 'backups on the volume of the data',
    spoil: () => undefined,
    disk: () => oneVolume,
    says: /^warning: .* lies on the volume of the data directory: both are lost together/,
  },
  {
    check: 'drill',
    title: 'backups that nobody has ever opened',
    spoil: ({ elsewhere }) => rmSync(join(elsewhere, 'backups', 'verified.json')),
    says: /^warning: nobody has opened a backup of \S+ yet$/,
  },
  {
    check: 'drill',
    title: 'backups that nobody has opened for long',
    spoil: () => undefined,
    clock: later(100),
    says: /^warning: nobody has opened a backup of \S+ for \d+ days$/,
  },
  {
    check: 'privileges',
    title: 'an administrator’s key for ever',
    spoil: ({ inside }) => inside((identity) => identity.keys.create(operator(), { agent: 'root', roles: ['admin'] })),
    says: /^warning: the key `\w+` of `root` has the role `admin` and never expires$/,
  },
  {
    check: 'rotation',
    title: 'a key of more than a year',
    spoil: ({ inside }) => inside((identity) => identity.keys.create(operator(), { agent: 'old' }), later(-400)),
    says: /^warning: the key `\w+` of `old` is 400 days old$/,
  },
  {
    check: 'unused-keys',
    title: 'a key that nobody uses',
    spoil: ({ inside }) => inside((identity) => identity.keys.create(operator(), { agent: 'idle' }), later(-91)),
    says: /^warning: nobody has used the key `\w+` of `idle` for 90 days$/,
  },
  {
    check: 'limits',
    title: 'limits that are none',
    spoil: ({ document }) =>
      Object.assign(document, {
        limits: { maxBodyBytes: '1GiB', maxConcurrentCalls: 1_000_000, requestTimeout: '1h' },
      }),
    says: /^warning: .*maxBodyBytes.*\nwarning: .*maxConcurrentCalls.*\nwarning: .*requestTimeout/,
  },
  {
    check: 'logging',
    title: 'a log without refusals',
    spoil: ({ document }) => Object.assign(document, { log: { level: 'silent' } }),
    says: /^warning: `log\.level: silent`/,
  },
  {
    check: 'alerts',
    title: 'nothing that could raise an alarm',
    spoil: ({ document }) => Object.assign(document, { metrics: false }),
    says: /^warning: neither metrics nor telemetry/,
  },
  {
    check: 'quotas',
    title: 'callers that nothing limits',
    spoil: () => undefined,
    documents: 'kind: toolset\nname: none\ntools: []\n',
    says: /^warning: no limit says how much a caller may do/,
  },
  {
    check: 'alerts',
    title: 'nobody who looks at what calls are like',
    spoil: ({ document }) => Object.assign(document, { alerts: { anomalies: false } }),
    says: /^warning: `alerts\.anomalies: false`/,
  },
  {
    check: 'policies',
    title: 'no policy that permits a call',
    spoil: ({ directory }) => forgetPolicies(directory),
    says: /^warning: no policy in force permits any call: nobody may call anything$/,
  },
  {
    check: 'policies',
    title: 'no permit that holds any more',
    async spoil({ directory }) {
      await forgetPolicies(directory);
      await keepPolicy(directory, '@validUntil("2020-01-31T00:00:00Z") permit (principal, action, resource);');
    },
    says: /^warning: no policy in force permits any call[^]*held until 2020-01-31T00:00:00\.000Z, and is kept all the same$/,
  },
  {
    check: 'policies',
    title: 'a policy that permits everything to everybody',
    spoil: ({ directory }) => keepPolicy(directory, 'permit (principal, action, resource);'),
    says: /^error: the policy `\*\/kept` permits every tool to everybody, without a condition$/,
  },
  {
    check: 'policies',
    title: 'a document that permits every tool of a namespace to every agent',
    spoil: () => undefined,
    documents: `${ONE_LIMIT}---\nkind: policy\nname: agents\ncedar: permit (principal is Agent, action, resource);\n`,
    says: /^warning: the policy `default\/agents` permits every tool of `default` to every Agent, without a condition$/,
  },
  {
    check: 'policies',
    title: 'a policy that nobody can read',
    spoil: ({ directory }) => keepPolicy(directory, 'permit (principal'),
    says: /^error: the policy `\*\/kept` cannot be read/,
  },
  {
    check: 'policies',
    title: 'a forbid that ended',
    spoil: ({ directory }) =>
      keepPolicy(directory, '@validUntil("2020-01-31T00:00:00Z") forbid (principal, action, resource);'),
    says: /^warning: the policy `\*\/kept` held until 2020-01-31T00:00:00\.000Z: what it forbade is forbidden no more$/,
  },
  {
    check: 'policies',
    title: 'a policy that is only tried out, for long',
    spoil: ({ directory }) =>
      keepPolicy(directory, 'forbid (principal, action, resource);', { shadow: 1, at: Date.now() - 40 * DAY_MS }),
    says: /^warning: the policy `\*\/kept` has been in the shadow for 40 days: it decides nothing$/,
  },
  {
    check: 'approvers',
    title: 'a yes that nobody could give',
    spoil: ({ directory }) => keepPolicy(directory, APPROVED('role:policy_admin')),
    says: /^warning: the policy `\*\/kept` asks for the yes of `role:policy_admin`, and nobody who may sign in could give it$/,
  },
  {
    check: 'approvers',
    title: 'a yes of a group in which nobody is who may approve',
    async spoil(start) {
      // Who is an auditor is permitted no approval by the starter policies, whatever the group.
      await person(start, 'ann', ['auditor'], { group: 'auditor' });
      await keepPolicy(start.directory, APPROVED('group:default/team'));
    },
    says: /^warning: the policy `\*\/kept` asks for the yes of `group:default\/team`/,
  },
  {
    check: 'names',
    title: 'a policy about a user, an agent, a group, a tool and a tag that nobody and nothing has',
    spoil: ({ directory }) =>
      keepPolicy(
        directory,
        `forbid (principal == User::"nobody", action, resource);
         forbid (principal in Group::"default/ghosts", action, resource == Tool::"default/paay");
         forbid (principal == Agent::"robot", action, resource) when { resource.tags.contains("monney") };`,
      ),
    documents: `${ONE_LIMIT}---\n${PAY}`,
    says: new RegExp(
      ['user `nobody`', 'group `default/ghosts`', 'tool `default/paay`; .*`default/pay`', 'agent `robot`']
        .concat('tag `monney`; .*`money`')
        .map((named) => `^warning: the policy .* there is no ${named}.*$`)
        .join('\n'),
      'm',
    ),
  },
  {
    check: 'names',
    title: 'a limit on a tool, a toolset and an agent that are not there',
    async spoil({ directory }) {
      const definition = JSON.stringify({ per: ['principal'], limits: '1 calls per 1h', agents: ['robot'] });
      await write(directory, ({ db }) =>
        db
          .insertInto('limits')
          .values({ id: newId(1), namespace: '*', name: 'kept', definition, created_at: 1, changed_at: 1 })
          .execute(),
      );
    },
    documents: `${ONE_LIMIT}tools: [paay]\ntoolsets: [desk]\n---\n${PAY}`,
    says: /^warning: the limit `\*\/everybody` .* no tool `paay`.*`pay`.*\n.*no toolset `desk`.*\n.*`\*\/kept` .*no agent `robot`/,
  },
  {
    check: 'pins',
    title: 'definitions of publishers that nobody looks at',
    spoil: ({ document }) => Object.assign(document, { registry: { pins: 'off' } }),
    says: /^warning: `registry\.pins: off`/,
  },
  {
    check: 'pins',
    title: 'a module whose tools change unseen',
    spoil: () => undefined,
    documents: `${ONE_LIMIT}---\nkind: source\nname: code\ntype: module\npath: tools.ts\npins: off\n`,
    says: /^warning: `pins: off` of the source `default\/code`/,
  },
  {
    check: 'alerts',
    title: 'a decoy that was revoked, and so traps nobody',
    async spoil({ document, inside }) {
      await inside(async (identity) => {
        const { key } = await identity.keys.create(operator(), { agent: 'trap' });
        await identity.keys.revoke(operator(), key.id);
        document['alerts'] = { decoyKeys: [key.id] };
      });
    },
    says: /^warning: the decoy `\w{26}` of `alerts\.decoyKeys` is no active key/,
  },
  {
    check: 'clock',
    title: 'a clock that went back',
    spoil: ({ inside }) => inside((identity) => identity.keys.create(operator(), { agent: 'future' }), later(1)),
    says: /^error: the database holds a moment .* in the future/,
  },
  {
    check: 'disk',
    title: 'a disk that is nearly full',
    spoil: () => undefined,
    disk: () => nearlyFull,
    says: /^error: 1 KiB are free where/,
  },
];

describe('finds', () => {
  test.each(seeds)('$check: $title', async ({ check, spoil, says, clock, disk, documents }) => {
    const start = await healthy();
    await spoil(start);
    const findings = await start.examined({
      ...(clock && { clock }),
      ...(disk && { disk: disk(start) }),
      ...(documents !== undefined && { documents }),
    });
    expect(saidBy(check, findings)).toMatch(says);
    expect(findings.filter(({ remedy }) => remedy === '')).toEqual([]);
  });
});

describe('finds on PostgreSQL', () => {
  let folder = '';
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'chatelaine-test-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const findingsOf = async (database: object, clock: Clock = systemClock): Promise<readonly Finding[]> => {
    const { server } = await emptyPlace('postgres');
    if (server === undefined) return expect.unreachable();
    const whole = { ...documentOf(server), ...database };
    return await examine({
      settings: serverSchema.parse({ kind: 'server', database: whole }),
      dataDirectory: folder,
      environment: {},
      clock,
    });
  };

  test('passwords: one that can be guessed', async () => {
    const findings = await findingsOf({ password: 'Password1234567890' });
    expect(saidBy('passwords', findings)).toMatch(/^error: the password of the database role `\w+` can be guessed$/);
  });

  test('database: migrations that are pending', async () => {
    expect(saidBy('database', await findingsOf({}))).toMatch(/^error: the database lacks the migrations 0001-identity/);
  });

  test('database: one role that serves and could change the schema', async () => {
    const at = await emptyPlace('postgres');
    await (await openDatabase({ ...at.place, clock: systemClock })).close();
    const settings = serverSchema.parse({ kind: 'server', database: at.document });
    const findings = await examine({
      settings,
      dataDirectory: folder,
      environment: {},
      clock: systemClock,
    });
    expect(saidBy('database', findings)).toMatch(
      /^warning: the database role `\w+` serves and could change the schema/,
    );
  });

  test('audit: nothing of a log that is whole, and what is wrong with its last checkpoint', async () => {
    const at = await emptyPlace('postgres');
    const settings = serverSchema.parse({ kind: 'server', database: at.document });
    const said = async (): Promise<string> =>
      saidBy('audit', await examine({ settings, dataDirectory: folder, environment: {}, clock: systemClock }));
    const database = await openDatabase({ ...at.place, clock: systemClock });
    expect(await said()).toBe('warning: there is no audit log in the database');
    const root = join(folder, 'audit');
    const storage = { settings: settings.database, database };
    const log = await openAuditLog({ root, clock: systemClock, logger: silentLogger, storage });
    for (let count = 0; count < 2; count++) {
      await log.append(call);
      await log.checkpoint();
    }
    expect(await said()).toBe('');
    await at.server?.query('delete from chatelaine.audit_checkpoint_lines where place = 2');
    expect(await said()).toMatch(/^error: the checkpoint 2 of the audit log is missing/);
    await at.server?.query(`update chatelaine.audit_checkpoint_lines set line = 'x'`);
    expect(await said()).toMatch(/^error: the checkpoint 1 of the audit log is missing/);
    await log.close();
    await database.close();
    rmSync(root, { recursive: true });
  });

  test('certificates: one that has expired, one that soon will, and a file that is none', async () => {
    const file = join(folder, 'ca.pem');
    writeFileSync(file, testAuthority('test').cert);
    const at = (days: number) => findingsOf({ tls: { mode: 'disable', ca: file } }, later(days));
    expect(saidBy('certificates', await at(100_000))).toMatch(
      /^error: a certificate of `database\.tls\.ca` has expired$/,
    );
    writeFileSync(file, 'no certificate');
    expect(saidBy('certificates', await at(0))).toMatch(/^error: `database\.tls\.ca` cannot be read as a certificate$/);
  });
});

test('a person with a second factor, without a role, or who may not sign in is nothing to find', async () => {
  const start = await healthy();
  await person(start, 'root', ['admin'], { passkey: true });
  await person(start, 'ann', ['user']);
  await person(start, 'gone', ['admin'], { disabled: true });
  expect(saidBy('second-factors', await start.examined())).toBe('');
});

test('every check has found something here, and stands in docs/doctor.md as it describes itself', () => {
  const seeded = new Set([...seeds.map(({ check }) => check), 'passwords', 'certificates']);
  expect(checks.map(({ id }) => id).filter((id) => !seeded.has(id))).toEqual([]);
  const page = readFileSync(join(import.meta.dirname, '../../../docs/doctor.md'), 'utf8');
  expect(checks.filter(({ id, looksAt }) => !page.includes(`| \`${id}\` | ${looksAt} |`))).toEqual([]);
});

test('names that are there, an approval that somebody can give, and another one for a decider are nothing to find', async () => {
  const start = await healthy();
  await person(start, 'ann', ['user'], { group: 'policy_admin' });
  await keepPolicy(
    start.directory,
    `${APPROVED('group:default/team')} ${APPROVED('role:policy_admin')} ${APPROVED('')}
    forbid (principal in Group::"https://idp.example#staff", action, resource in Toolset::"default/till")
    when { resource.tags.containsAny(["money"]) || principal == Agent::"https://idp.example#bot" };`,
  );
  const documents = `${ONE_LIMIT}tools: [pay]\ntoolsets: [till]\nagents: [bot]\n---\n${PAY}---\nkind: toolset\nname: till\ntools: [pay]\n`;
  const findings = await start.examined({ documents });
  expect(['policies', 'approvers', 'names', 'pins'].map((check) => saidBy(check, findings))).toEqual(['', '', '', '']);

  await write(start.directory, ({ db }) => db.deleteFrom('group_members').execute());
  const asked = /group:default\/team/;
  expect(saidBy('approvers', await start.examined({ documents }))).toMatch(asked);
  const decider = { name: 'desk', secret: 'x'.repeat(24), approves: ['group:default/team', 'role:policy_admin'] };
  Object.assign(start.document, { approvals: { deciders: [decider] } });
  expect(saidBy('approvers', await start.examined({ documents }))).toBe('');
});

test('a decoy that lies there for ever, unused, is nothing to find', async () => {
  const start = await healthy();
  await start.inside(async (identity) => {
    const { key } = await identity.keys.create(operator(), { agent: 'trap' });
    start.document['alerts'] = { decoyKeys: [key.id] };
  });
  const said = await start.examined({ clock: later(400) });
  expect(saidBy('alerts', said)).toBe('');
  for (const check of ['expiry', 'rotation', 'unused-keys']) expect(saidBy(check, said)).not.toContain('`trap`');
});

test('of names of tools nothing is said where no configuration is named', async () => {
  const start = await healthy();
  await keepPolicy(start.directory, 'forbid (principal, action, resource == Tool::"default/paay");');
  const findings = await examine({
    settings: serverSchema.parse(start.document),
    dataDirectory: start.directory,
    environment: {},
    clock: systemClock,
  });
  expect(saidBy('names', findings)).toBe('');
});

/** Opens the database of a directory, as somebody would who writes rows. */
async function write(directory: string, work: (database: Database) => Promise<unknown>): Promise<void> {
  const database = await openDatabase({ file: stateFile(directory), clock: systemClock });
  await work(database);
  await database.close();
}

const forgetPolicies = (directory: string): Promise<void> =>
  write(directory, ({ db }) => db.updateTable('policy_versions').set({ deleted: 1 }).execute());

/** The policy `*` + `/kept`, as the API would keep it, whatever its text. */
const keepPolicy = (directory: string, cedar: string, more: { readonly shadow?: 1; readonly at?: number } = {}) =>
  write(directory, async ({ db }) => {
    const { shadow = 0, at = Date.now() } = more;
    const id = newId(at);
    await db.insertInto('policies').values({ id, namespace: '*', name: 'kept', version: 1, created_at: at }).execute();
    const says = { priority: 0, description: '', cedar, shadow, enabled: 1, deleted: 0, reason: '', author: 'ann', at };
    await db
      .insertInto('policy_versions')
      .values({ policy_id: id, version: 1, ...says })
      .execute();
  });

/** Puts something sealed into the database of a directory. */
async function seal(
  directory: string,
  kind: 'namespace' | 'subject',
  keyFile: string,
  previous: readonly string[] = [],
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const database = await openDatabase({ file: stateFile(directory), clock: systemClock });
  const vault = await openVault({
    database,
    clock: systemClock,
    log: silentLogger,
    mayUse: sameNamespace,
    ledger: { append: record },
    wrapper: { type: 'file', file: join(directory, keyFile) },
    previousWrappers: previous.map((name) => ({ type: 'file', file: join(directory, name) })),
  });
  const scope = kind === 'subject' ? subjectScope('ana') : ({ kind, id: 'default' } as const);
  const place = { table: 't', column: 'c', row: 'r', owner: 'o' };
  await vault.envelope.writing(scope, (_trx, sealing) => sealing.seal(place, new Secret('x')));
  vault.close();
  await database.close();
}

/** Puts the secret `default/db` into the vault of a directory. */
async function keep(
  directory: string,
  more: { readonly expiresAt?: number },
  clock: Clock = systemClock,
): Promise<void> {
  const database = await openDatabase({ file: stateFile(directory), clock });
  const vault = await openVault({
    ...{ database, clock, log: silentLogger, mayUse: sameNamespace, ledger: { append: record } },
    wrapper: { type: 'file', file: join(directory, 'vault.key') },
  });
  const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
  await vault.secrets.put({ namespace: 'default', name: 'db', material, ...more }, record);
  vault.close();
  await database.close();
}

/** Somebody with these roles everywhere, by themselves or by a group. */
async function person(
  { directory, inside }: Healthy,
  name: string,
  roles: readonly Role[],
  more: { readonly group?: Role; readonly passkey?: true; readonly disabled?: true } = {},
): Promise<void> {
  const id = newId(Date.now());
  const [created_at, subject] = [Date.now(), { kind: 'user', id } as const];
  const database = await openDatabase({ file: stateFile(directory), clock: systemClock });
  await database.db
    .insertInto('users')
    .values({
      ...{ id, name, name_key: name, issuer: 'chatelaine', subject: id, profile: null, key_id: null },
      ...{ disabled_at: more.disabled ? created_at : null, erased_at: null, created_at, changed_at: created_at },
    })
    .execute();
  if (more.passkey) {
    await database.db
      .insertInto('passkeys')
      .values({
        ...{ id: `passkey of ${name}`, user_id: id, public_key: 'x', counter: 0, transports: '', label: '' },
        ...{ synced: 0, created_at, last_used_at: null },
      })
      .execute();
  }
  await database.close();
  await inside(async (identity) => {
    for (const role of roles) await identity.roles.create(operator(), { role, namespace: '*', subject });
    if (more.group === undefined) return;
    const group = { namespace: 'default', name: 'team' };
    const { id: groupId } = await identity.groups.create(operator(), group);
    await identity.groups.addMember(operator(), 'default', 'team', subject);
    const holders = { kind: 'group', id: groupId } as const;
    await identity.roles.create(operator(), { role: more.group, namespace: '*', subject: holders });
  });
}

/** A certificate of ten days in every field that names one. */
function certificateSeeds(): readonly Seed[] {
  const { cert, key } = testAuthority('house').issue(['localhost'], { notAfter: new Date(Date.now() + 10.5 * DAY_MS) });
  const receiver = { name: 'far', url: 'https://far.example', tls: { ca: cert } };
  const transit = { type: 'transit', address: 'https://keys.example', key: 'house', token: 't', tls: { ca: cert } };
  const agents = { trustDomain: 'example.com', certificate: cert, key, clientCa: cert };
  const fields: Readonly<Record<string, object>> = {
    'tls.certificate': { tls: { certificate: cert, key } },
    'agentListener.certificate': { agentListener: { ...agents } },
    'agentListener.clientCa': { agentListener: { ...agents } },
    'audit.anchors.far.tls.ca': { audit: { anchors: [{ type: 'webhook', secret: 's', ...receiver }] } },
    'audit.exports.far.tls.ca': { audit: { exports: [{ format: 'ndjson', ...receiver }] } },
    'vault.keyWrapper.tls.ca': { vault: { keyWrapper: transit } },
    'vault.previousKeyWrappers[0].tls.ca': { vault: { previousKeyWrappers: [transit] } },
  };
  return Object.entries(fields).map(([field, settings]) => ({
    check: 'certificates',
    title: `\`${field}\` that expires within days`,
    spoil: ({ document }) => Object.assign(document, settings),
    says: new RegExp(`^warning: a certificate of \`${field.replaceAll(/[.[\]]/g, '\\$&')}\` expires in 10 days$`, 'm'),
  }));
}
