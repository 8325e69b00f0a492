import { statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ChatelaineError, silentLogger, type Clock } from '#kernel';
import { EVERYWHERE, forgetfulLedger, type AuditTrail, type LimitDeclaration, type ServerSettings } from '#contract';
import { ledgerFolder } from '#backup';
import { databasePlace, inspectMigrations, openDatabase, type Database } from '#db';
import { openIdentity } from '#identity';
import { loadPolicyExamination } from '#policy';
import type { Disk, Finding, LimitSeen, Patient, PersonSeen, Weakness } from './check.ts';
import { checks } from './checks/index.ts';
import { whatIsKnown, type Declared } from './known-names.ts';
import { listActivePeople, listAgentsGivenAdmin } from './store/counts.ts';
import { listLimitDefinitions } from './store/names.ts';

export interface Examination {
  readonly settings: ServerSettings;
  /** The documents beside it; undefined where no configuration was named. */
  readonly declared?: Declared | undefined;
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly disk?: Disk;
}

/** Looks at everything, beside servers that may be running, and gives what is weak: nothing when all is well. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { settings, dataDirectory, clock, declared } = examination;
  const { database, trouble } = await tryOpen(settings, dataDirectory, clock);
  try {
    const patient: Patient = {
      settings,
      dataDirectory,
      ledgerFolder: ledgerFolder(settings, dataDirectory),
      environment: examination.environment,
      now: clock.now(),
      disk: examination.disk ?? systemDisk,
      database,
      databaseTrouble: trouble,
      ...(await whatIsWritten(database, declared)),
      declared,
      ...(await whoIsThere(database, clock, declared?.roleBindings ?? [], settings.alerts.decoyKeys)),
    };
    const findings: Finding[] = [];
    for (const check of checks) {
      for (const weakness of await check.run(patient)) findings.push({ check: check.id, ...weakness });
    }
    return findings;
  } finally {
    await database?.close();
  }
}

type Written = Pick<Patient, 'limits' | 'limitDocuments' | 'policies' | 'known'>;

/** Policies and limits, in files and in the database. */
async function whatIsWritten(database: Database | undefined, declared: Declared | undefined): Promise<Written> {
  if (database === undefined) return { limits: undefined, limitDocuments: [], policies: undefined, known: undefined };
  const known = await whatIsKnown(database, declared);
  const { examinePolicies } = await loadPolicyExamination();
  const made = (await listLimitDefinitions(database.db)).map(({ namespace, name, definition }): LimitSeen => ({
    ...(JSON.parse(definition) as Pick<LimitSeen, 'tools' | 'toolsets' | 'agents'>),
    ...{ id: `${namespace}/${name}`, namespace },
  }));
  const limitDocuments = [...(declared?.limits ?? []).map(limitSeen), ...made];
  return {
    ...{ limits: limitDocuments.length, limitDocuments, known },
    policies: await examinePolicies(database.db, declared?.policies ?? [], known.names.tools ?? []),
  };
}

function limitSeen({ everywhere, name, tools, toolsets, agents, ...declared }: LimitDeclaration): LimitSeen {
  const namespace = everywhere ? EVERYWHERE : declared.namespace;
  return { id: `${namespace}/${name}`, namespace, tools, toolsets, agents };
}

type Present = Pick<Patient, 'keys' | 'decoys' | 'agents' | 'givenAdmin' | 'people'>;

async function whoIsThere(
  database: Database | undefined,
  clock: Clock,
  bindings: Declared['roleBindings'],
  decoys: readonly string[],
): Promise<Present> {
  if (database === undefined) return { keys: [], decoys: [], agents: [], givenAdmin: new Set(), people: [] };
  const identity = openIdentity({
    database,
    clock,
    log: silentLogger,
    trail: NOTHING_CHANGES,
    ledger: forgetfulLedger,
    declared: () => bindings,
  });
  try {
    const people: PersonSeen[] = [];
    const all = await identity.keys.list();
    for (const { id, hasSecondFactor } of await listActivePeople(database.db)) {
      const standing = await identity.standings.ofUser(id);
      if (standing === undefined) continue;
      people.push({ id, name: standing.user.name, grants: standing.grants, groups: standing.groups, hasSecondFactor });
    }
    return {
      // A trap is meant to lie there unused.
      keys: all.filter(({ id }) => !decoys.includes(id)),
      decoys: all.filter(({ id }) => decoys.includes(id)),
      agents: await identity.agents.list(),
      givenAdmin: await listAgentsGivenAdmin(database.db),
      people,
    };
  } finally {
    await identity.close();
  }
}

/** Nothing is changed here, so nothing is recorded, nor written to a ledger. */
const NOTHING_CHANGES: AuditTrail = {
  status: { available: true },
  append: () => Promise.reject(new Error('a look changes nothing')),
  digest: () => '',
};

/** Opening migrates, and a look must not: what has migrations pending is not opened, and the rest as it stands. */
async function tryOpen(
  settings: ServerSettings,
  dataDirectory: string,
  clock: Clock,
): Promise<{ readonly database: Database | undefined; readonly trouble: Weakness | undefined }> {
  const found = databasePlace(settings.database, dataDirectory);
  const place = 'file' in found ? { ...found, mustExist: true } : found;
  try {
    const { pending } = await inspectMigrations(place);
    if (pending.length > 0) {
      const what = `the database lacks the migrations ${pending.join(', ')}; nothing in it was looked at`;
      const remedy = 'Start the server, or run `chatelaine migrate up`, and ask the doctor again.';
      return { database: undefined, trouble: { severity: 'error', what, remedy } };
    }
    return { database: await openDatabase({ ...place, clock, readOnly: true }), trouble: undefined };
  } catch (error) {
    if (!(error instanceof ChatelaineError)) throw error;
    const { code, message, remedy } = error;
    return { database: undefined, trouble: { severity: 'error', what: `${code}: ${message}`, remedy } };
  }
}

export const systemDisk: Disk = {
  volumeOf: (path) => statSync(nearest(path)).dev,
  space(path) {
    const { bavail, blocks, bsize } = statfsSync(nearest(path));
    return { free: bavail * bsize, total: blocks * bsize };
  },
};

/** The path itself, or the folder above in which it would be made. */
function nearest(path: string): string {
  for (let at = resolve(path); ; at = dirname(at)) if (statSync(at, { throwIfNoEntry: false }) !== undefined) return at;
}
