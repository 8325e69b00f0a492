/** Holds what a server knows after a crash against what it acknowledged before. */
import { DatabaseSync } from 'node:sqlite';
import { openDatabase, type DatabasePlace } from '#db';
import { reveal, silentLogger, systemClock } from '#kernel';
import { openVault, sameNamespace } from '#vault';
import { join } from 'node:path';
import type { AuditReport } from './audit-report.ts';
import type { Act, Journal, KnownKey } from './journal.ts';
import { none, holds, type Verdict } from './trial.ts';

/** Acknowledged keys that do not count, and revoked ones or those of disabled agents that do. */
export async function judgeKeys(url: string, journal: Journal): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const known of journal.keys) {
    const expected = expectedOf(journal, known);
    const { status } = await fetch(`${url}/api/toolset`, { headers: { Authorization: `Bearer ${known.key}` } });
    if (!expected.includes(status))
      wrong.push(`key ${known.id} of ${known.agent}: ${status}, not ${expected.join(' or ')}`);
  }
  return wrong;
}

function expectedOf(journal: Journal, { id, agent }: KnownKey): readonly number[] {
  const fates = [
    journal.fate((act) => act.kind === 'revoke-key' && act.id === id),
    journal.fate((act) => act.kind === 'disable-agent' && act.agent === agent),
  ];
  if (fates.includes('acknowledged')) return [401];
  return fates.includes('open') ? [200, 401] : [200];
}

/** Acknowledged notes that are not there. */
export function judgeNotes(file: string, journal: Journal): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const there = new Set(
    database
      .prepare('SELECT text FROM notes')
      .all()
      .map((row) => row['text']),
  );
  database.close();
  return acknowledgedActs(journal, 'note').flatMap(({ text }) => (there.has(text) ? [] : [text]));
}

/**
 * Secrets whose value is neither the last one acknowledged nor one that was on its way, and those that
 * do not open. Disabled ones open for nobody.
 */
export async function judgeSecrets(
  place: DatabasePlace,
  dataDir: string,
  journal: Journal,
): Promise<readonly string[]> {
  const database = await openDatabase({ ...place, clock: systemClock });
  const vault = await openVault({
    database,
    clock: systemClock,
    log: silentLogger,
    wrapper: { type: 'file', file: join(dataDir, 'vault.key') },
    mayUse: sameNamespace,
  });
  const wrong: string[] = [];
  try {
    for (const name of new Set(journal.entries.flatMap(({ act }) => (act.kind === 'put-secret' ? [act.name] : [])))) {
      const puts = journal.entries.filter(({ act }) => act.kind === 'put-secret' && act.name === name);
      const acknowledged = puts.filter((entry) => entry.acknowledged !== undefined);
      // Several workers put at once: the order of acknowledgements is not the order of commits.
      const possible = new Set(puts.map(({ act }) => (act.kind === 'put-secret' ? act.value : '')));
      const disabled = journal.fate((act) => act.kind === 'disable-secret' && act.name === name);
      const found = await valueOf(vault, name);
      if ('value' in found) {
        if (!possible.has(found.value)) wrong.push(`${name} holds what nobody put`);
        const latest = Math.max(0, ...acknowledged.map((entry) => generationOf(entry.acknowledged)));
        const now = (await vault.secrets.find({ namespace: 'default', name })).generation;
        if (now < latest) wrong.push(`${name} is at ${now}, and ${latest} was acknowledged`);
      } else if (found.code === 'SECRET_UNKNOWN') {
        if (acknowledged.length > 0) wrong.push(`${name} is gone`);
      } else if (found.code !== 'SECRET_DISABLED' || disabled === 'never asked') {
        wrong.push(`${name} does not open: ${found.code}`);
      }
    }
  } finally {
    vault.close();
    await database.close();
  }
  return wrong;
}

const generationOf = (answer: unknown): number => (answer as { readonly generation: number }).generation;

async function valueOf(
  vault: Awaited<ReturnType<typeof openVault>>,
  name: string,
): Promise<{ readonly value: string } | { readonly code: string }> {
  try {
    const material = await vault.reader.read({ namespace: 'default', name }, { namespace: 'default', by: 'the judge' });
    return { value: material.kind === 'bearer' ? reveal(material.token) : '' };
  } catch (error) {
    return { code: (error as { readonly code?: string }).code ?? String(error) };
  }
}

/** What the log must hold of it all: one outcome for each acknowledgement, and at most one for each request. */
export function judgeRecords(report: AuditReport, journal: Journal): readonly Verdict[] {
  const outcomes = new Map<string, number>();
  const intents = new Map<string, number>();
  for (const { traceId, outcome } of report.records) {
    if (traceId === undefined) continue;
    if (outcome === 'success') outcomes.set(traceId, (outcomes.get(traceId) ?? 0) + 1);
    if (outcome === 'intent') intents.set(traceId, (intents.get(traceId) ?? 0) + 1);
  }
  const acknowledged = journal.acknowledged();
  const without = acknowledged.filter(({ traceId }) => outcomes.get(traceId) !== 1);
  const unintended = acknowledged.filter(({ traceId }) => intents.get(traceId) !== 1);
  const twice = journal.entries.filter(({ traceId }) => (outcomes.get(traceId) ?? 0) > 1);
  return [
    none(
      `acknowledged without one record, of ${acknowledged.length}`,
      without.map(({ act }) => act.kind),
    ),
    none(
      'changed without an intent',
      unintended.map(({ act }) => act.kind),
    ),
    none(
      'recorded twice',
      twice.map(({ act }) => act.kind),
    ),
    holds('the chain verifies', report.ok, report.findings[0] ?? `${report.records.length} records`),
  ];
}

function acknowledgedActs<Kind extends Act['kind']>(journal: Journal, kind: Kind): Extract<Act, { kind: Kind }>[] {
  return journal.acknowledged().flatMap(({ act }) => (act.kind === kind ? [act as Extract<Act, { kind: Kind }>] : []));
}
