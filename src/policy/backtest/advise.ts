/**
 * What somebody needs, read from what they did: the tightest permits under which the recorded calls still pass.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditRecord } from '#contract';
import { BoundedCache } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import { PolicySet } from '../decide/policy-set.ts';
import type { Entity } from '../facts/entities.ts';
import { strictest, type Obligations } from '../language/obligations.ts';
import { uidText } from '../language/scope.ts';
import type { Uid } from './flips.ts';
import { readDecision, type RecordedDecision } from './recorded-decision.ts';
import type { RecordedSubjects } from './recorded-sets.ts';
import { readsAt, replay } from './replay.ts';
import { sameness } from './sameness.ts';
import { namespaceOf } from './subjects.ts';

/** Whose use is looked at. */
export type AdvisedFor =
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'principal'; readonly type: 'User' | 'Agent'; readonly id: string }
  /** Whoever was permitted by it. */
  | { readonly kind: 'policy'; readonly id: string };

export interface AdvisedTool {
  readonly tool: Uid;
  readonly calls: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The id of the last record. */
  readonly lastRecord: string;
  /** What the tool asks a bearer for. */
  readonly scopes: readonly string[];
  /** Who called it, where that is whom the permit names. */
  readonly callers: readonly Uid[];
}

export interface Advice {
  readonly cedar: string;
  readonly tools: readonly AdvisedTool[];
  readonly scopes: readonly string[];
  readonly calls: number;
  /** Calls of which nobody can tell any more who made them, or of what. */
  readonly lost: number;
  /** The recorded calls held against the advice, and nothing else. */
  readonly check: { readonly passed: number; readonly failed: number };
}

interface Use {
  readonly tool: Entity;
  calls: number;
  firstAt: string;
  lastAt: string;
  lastRecord: string;
  readonly callers: Map<string, Uid>;
  readonly owed: Map<string, Obligations>;
}

/** Callers that a permit names one by one; where there were more the advice is for a role or a group to give. */
const MOST_CALLERS = 200;
const MOST_TOOLS = 2000;
/** Different calls of the same kind are decided once. */
const REMEMBERED = 20_000;

export interface AdviceParts {
  readonly evaluator: Evaluator;
  readonly subjects: RecordedSubjects;
}

/**
 * The records are gone through twice: for the advice, and to hold them against it. Yields now and then how many
 * have been looked at.
 */
export async function* advise(
  whose: AdvisedFor,
  records: () => AsyncIterable<readonly AuditRecord[]>,
  parts: AdviceParts,
): AsyncGenerator<number, Advice> {
  const uses = new Map<string, Use>();
  const owed = new OwedThen(parts);
  let [calls, lost, seen] = [0, 0, 0];
  for await (const page of records()) {
    for (const record of page) {
      const used = await usedBy(whose, record, parts);
      if (used === 'lost') lost++;
      if (used === undefined || used === 'lost') continue;
      calls++;
      note(uses, used, record, await owed.of(used));
    }
    yield (seen += page.length);
  }
  const kept = [...uses.values()].toSorted((one, other) => (one.tool.id < other.tool.id ? -1 : 1));
  const cedar = kept.map((use) => permitFor(whose, use)).join('\n');
  const check = yield* hold(cedar, whose, records, parts, seen);
  const tools = kept.map((use) => toAdvised(whose, use));
  const scopes = [...new Set(tools.flatMap((one) => one.scopes))].toSorted();
  return { cedar, tools, scopes, calls, lost, check };
}

interface Used {
  readonly recorded: RecordedDecision;
  readonly principal: Entity;
  readonly tool: Entity;
  readonly namespace: string;
}

/** A call that was permitted, by whom it is about; undefined for every other. */
async function usedBy(
  whose: AdvisedFor,
  record: AuditRecord,
  { subjects }: AdviceParts,
): Promise<Used | 'lost' | undefined> {
  const recorded = readDecision(record);
  if (recorded === undefined) return undefined;
  if (typeof recorded === 'string') return 'lost';
  if (!recorded.allowed) return undefined;
  if (whose.kind === 'policy' && !recorded.policies.some((id) => id === whose.id || id.startsWith(`${whose.id}#`)))
    return undefined;
  const [principal, tool] = [await subjects.entity(recorded.principal), await subjects.entity(recorded.tool)];
  const namespace = tool && namespaceOf(tool);
  if (principal === undefined || tool === undefined || namespace === undefined) return 'lost';
  if (whose.kind === 'principal' && uidText(principal) !== uidText(whose)) return undefined;
  if (whose.kind === 'role' && !principal.ancestors.has(uidText({ type: 'Role', id: whose.role }))) return undefined;
  return { recorded, principal, tool, namespace };
}

type Owed = Obligations | 'unknown';

class OwedThen {
  readonly #parts: AdviceParts;
  readonly #known = new BoundedCache<string, Owed>(REMEMBERED);

  constructor(parts: AdviceParts) {
    this.#parts = parts;
  }

  async of(used: Used): Promise<Obligations | undefined> {
    const key = sameness(used.recorded, false);
    let owed = this.#known.get(key);
    if (owed === undefined) {
      owed = (await readOwed(used, this.#parts)) ?? 'unknown';
      this.#known.set(key, owed);
      await nextTurn();
    }
    return owed === 'unknown' ? undefined : owed;
  }
}

/** What was asked in return then, so that the advice does not ask for less; undefined where nobody knows. */
async function readOwed({ recorded, principal, tool, namespace }: Used, { subjects, evaluator }: AdviceParts) {
  const then = await subjects.policies(recorded.version);
  if (then === undefined) return undefined;
  const asked = { principal, action: recorded.action, resource: tool, namespace };
  const again = replay(evaluator, then, { asked, recorded, lookedAt: readsAt(then, asked, recorded) });
  return 'verdict' in again && again.verdict.allowed ? again.verdict.obligations : undefined;
}

function note(
  uses: Map<string, Use>,
  { principal, tool }: Used,
  { time, id }: AuditRecord,
  owed: Obligations | undefined,
) {
  let use = uses.get(tool.id);
  if (use === undefined) {
    if (uses.size >= MOST_TOOLS) return;
    use = { tool, calls: 0, firstAt: time, lastAt: time, lastRecord: id, callers: new Map(), owed: new Map() };
    uses.set(tool.id, use);
  }
  use.calls++;
  if (time < use.firstAt) use.firstAt = time;
  if (time > use.lastAt) [use.lastAt, use.lastRecord] = [time, id];
  if (use.callers.size < MOST_CALLERS) use.callers.set(uidText(principal), { type: principal.type, id: principal.id });
  if (owed !== undefined) use.owed.set(JSON.stringify(owed), owed);
}

const toAdvised = (whose: AdvisedFor, { tool, calls, firstAt, lastAt, lastRecord, callers }: Use): AdvisedTool => ({
  ...{ tool: { type: tool.type, id: tool.id }, calls, firstAt, lastAt, lastRecord, scopes: scopesOf(tool) },
  callers: whose.kind === 'policy' ? [...callers.values()] : [],
});

function scopesOf({ entities }: Entity): readonly string[] {
  const scopes = entities[0]?.attrs['scopes'];
  return Array.isArray(scopes) ? scopes.map(String).toSorted() : [];
}

function permitFor(whose: AdvisedFor, use: Use): string {
  const { tool, calls, firstAt, lastAt, callers, owed } = use;
  const day = (moment: string): string => moment.slice(0, 10);
  const evidence = `${calls} call${calls === 1 ? '' : 's'} on record from ${day(firstAt)} to ${day(lastAt)}.`;
  const named = [...callers.keys()].toSorted();
  const head = [
    'permit (',
    `  ${principalOf(whose)},`,
    '  action in [Action::"read", Action::"execute"],',
    `  resource == ${uidText(tool)}`,
    whose.kind === 'policy' ? `) when { principal in [${named.join(', ')}] };` : ');',
  ];
  const obligations = strictest([...owed.values()]);
  // A permit asks for one approval. What several of one rank ask for is asked for together.
  const [, ...further] = obligations.approvals;
  const more = further.map((approval) => [spell('approval', approval), ...head]);
  const first = [spell('description', evidence), ...annotationsOf(obligations, scopesOf(tool)), ...head];
  return [first, ...more].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function principalOf(whose: AdvisedFor): string {
  if (whose.kind === 'role') return `principal in ${uidText({ type: 'Role', id: whose.role })}`;
  return whose.kind === 'principal' ? `principal == ${uidText(whose)}` : 'principal';
}

const spell = (name: string, value: string): string =>
  value === '' ? `@${name}` : `@${name}(${JSON.stringify(value)})`;

function annotationsOf(
  { approvals, durationMs, scopes, masks, limits }: Obligations,
  used: readonly string[],
): readonly string[] {
  const [approval] = approvals;
  const narrowed = scopes === undefined ? used : used.filter((scope) => scopes.includes(scope));
  return [
    ...(approval === undefined ? [] : [spell('approval', approval)]),
    ...(durationMs === undefined ? [] : [spell('duration', `${durationMs}ms`)]),
    ...(narrowed.length === 0 ? [] : [spell('scopes', narrowed.join(' '))]),
    ...(masks.length === 0 ? [] : [spell('mask', masks.join(' '))]),
    ...(limits.length === 0
      ? []
      : [
          spell(
            'limit',
            limits
              .map(({ most, unit, everyMs }) =>
                everyMs === undefined ? `${most} ${unit}` : `${most} ${unit} per ${everyMs}ms`,
              )
              .join('; '),
          ),
        ]),
  ];
}

/** Whether the recorded calls would pass under the advice alone. */
async function* hold(
  cedar: string,
  whose: AdvisedFor,
  records: () => AsyncIterable<readonly AuditRecord[]>,
  parts: AdviceParts,
  before: number,
): AsyncGenerator<number, Advice['check']> {
  let [passed, failed, seen] = [0, 0, before];
  const sources = cedar === '' ? [] : [{ id: '*/advised', namespace: '*', priority: 0, cedar }];
  const made = PolicySet.of(parts.evaluator, sources);
  if (!made.ok) throw new Error(`advice that cannot be read: ${JSON.stringify(made.error)}`);
  const known = new BoundedCache<string, boolean>(REMEMBERED);
  for await (const page of records()) {
    for (const record of page) {
      const used = await usedBy(whose, record, parts);
      if (used === undefined || used === 'lost') continue;
      const { recorded, principal, tool, namespace } = used;
      const key = sameness(recorded, false);
      let passes = known.get(key);
      if (passes === undefined) {
        const asked = { principal, action: recorded.action, resource: tool, namespace };
        const again = replay(parts.evaluator, made.value, { asked, recorded, lookedAt: undefined });
        passes = 'verdict' in again && again.verdict.allowed;
        known.set(key, passes);
        await nextTurn();
      }
      if (passes) passed++;
      else failed++;
    }
    yield (seen += page.length);
  }
  return { passed, failed };
}
