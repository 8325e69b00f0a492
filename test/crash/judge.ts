/**
 * Holds what is there after a crash against what was acknowledged before. Pure: what is there comes from
 * `findings.ts`, so that each loss can be shown to be seen.
 */
import type { AuditReport } from './audit-report.ts';
import type { FoundKey, FoundSecret, Revocation } from './findings.ts';
import { KINDS, type Act, type Journal, type KnownKey } from './journal.ts';
import { holds, none, type Verdict } from './trial.ts';

/** What a request may be refused with because of another one at the same moment. */
const RACES: Readonly<Partial<Record<Act['kind'], readonly string[]>>> = {
  'create-key': ['AGENT_DISABLED'],
  'put-secret': ['SECRET_DISABLED', 'VAULT_BUSY', 'PRECONDITION_FAILED'],
  'disable-secret': ['VAULT_BUSY'],
};

/** What shows that the trial was one: each kind of act came through, and nothing else was in its way. */
export function judgeWork(journal: Journal, least: number): readonly Verdict[] {
  const counts = KINDS.map((kind) => ({ kind, count: journal.count(kind) }));
  const seen = counts.map(({ kind, count }) => `${kind} ${count}`).join(', ');
  const refused = journal.entries.flatMap(({ act: { kind }, code }) =>
    code === undefined || RACES[kind]?.includes(code) === true ? [] : [`${kind}: ${code}`],
  );
  return [
    holds(
      `each kind of change was acknowledged ${least} times at least`,
      counts.every((of) => of.count >= least),
      seen,
    ),
    none('refused without a reason', refused),
  ];
}

/** Keys that are gone or do not count, and those that count again after they were revoked or their agent disabled. */
export function judgeKeys(journal: Journal, found: ReadonlyMap<string, FoundKey>): readonly string[] {
  return journal.keys.flatMap((known) => {
    const key = found.get(known.id);
    if (key === undefined) return [`key ${known.id} of ${known.agent} is gone`];
    const states = statesOf(journal, known);
    if (!states.includes(key.state))
      return [`key ${known.id} of ${known.agent} is ${key.state}, not ${states.join(' or ')}`];
    const status = key.state === 'active' ? 200 : 401;
    return key.status === status ? [] : [`key ${known.id} of ${known.agent} is ${key.state} and gets ${key.status}`];
  });
}

function statesOf(journal: Journal, { id, agent }: KnownKey): readonly string[] {
  const revoked = journal.fate('revoke-key', id);
  const disabled = journal.fate('disable-agent', agent);
  if (revoked === 'acknowledged') return ['revoked'];
  return [
    ...(disabled === 'acknowledged' ? [] : ['active']),
    ...(disabled === 'acknowledged' || disabled === 'open' ? ['disabled'] : []),
    ...(revoked === 'open' ? ['revoked'] : []),
  ];
}

/** Acknowledged notes that are not there. */
export const judgeNotes = (journal: Journal, found: ReadonlySet<string>): readonly string[] =>
  journal.acknowledged('note').flatMap(({ act: { text } }) => (found.has(text) ? [] : [text]));

/**
 * Secrets that are gone or do not open, that hold another value than the one acknowledged last or one that
 * was on its way, and those that open again after they were disabled.
 */
export function judgeSecrets(journal: Journal, found: ReadonlyMap<string, FoundSecret>): readonly string[] {
  const names = new Set(journal.of('put-secret').map(({ act: { name } }) => name));
  return [...names].flatMap((name) => {
    const puts = journal.of('put-secret').filter(({ act }) => act.name === name);
    const acknowledged = puts.filter(({ fate }) => fate === 'acknowledged');
    const disabled = journal.fate('disable-secret', name);
    const secret = found.get(name);
    if (secret === undefined) return acknowledged.length === 0 ? [] : [`${name} is gone`];
    const latest = Math.max(0, ...acknowledged.map(({ body }) => generationOf(body)));
    if (secret.generation < latest) return [`${name} is at ${secret.generation}, and ${latest} was acknowledged`];
    if ('value' in secret) {
      if (disabled === 'acknowledged') return [`${name} opens, and was disabled`];
      // Who put what is there: the one who was told so, or one who was told nothing.
      const known = acknowledged.find(({ body }) => generationOf(body) === secret.generation);
      const possible = known ? [known] : puts.filter(({ fate }) => fate === 'open');
      return possible.some(({ act }) => act.value === secret.value) ? [] : [`${name} holds what nobody put there`];
    }
    const mayBeDisabled = disabled === 'acknowledged' || disabled === 'open';
    return secret.code === 'SECRET_DISABLED' && mayBeDisabled ? [] : [`${name} does not open: ${secret.code}`];
  });
}

const generationOf = (body: unknown): number => (body as { readonly generation: number }).generation;
const idOf = (body: unknown): string => (body as { readonly id: string }).id;

/** Acknowledged revocations that the ledger does not have: a restore would bring back what they ended. */
export function judgeLedger(journal: Journal, found: readonly Revocation[]): readonly string[] {
  const there = new Set(found.map(({ what, id }) => `${what} ${id}`));
  return [
    ...journal.acknowledged('revoke-key').map(({ act }) => `key.revoked ${act.id}`),
    ...journal.acknowledged('disable-agent').map(({ body }) => `agent.disabled ${idOf(body)}`),
    ...journal.acknowledged('disable-secret').map(({ body }) => `secret.disabled ${idOf(body)}`),
  ].filter((entry) => !there.has(entry));
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
  const acknowledged = journal.entries.filter(({ fate }) => fate === 'acknowledged');
  const kinds = (wrong: typeof acknowledged): readonly string[] => wrong.map(({ act }) => act.kind);
  return [
    none(
      `acknowledged without one record, of ${acknowledged.length}`,
      kinds(acknowledged.filter(({ traceId }) => outcomes.get(traceId) !== 1)),
    ),
    none('changed without an intent', kinds(acknowledged.filter(({ traceId }) => intents.get(traceId) !== 1))),
    none('recorded twice', kinds(journal.entries.filter(({ traceId }) => (outcomes.get(traceId) ?? 0) > 1))),
    holds('the chain verifies', report.ok, report.findings[0] ?? `${report.records.length} records`),
  ];
}
