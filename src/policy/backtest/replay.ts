/**
 * A recorded decision, decided again by other policies: from the facts that are on record and what the record
 * itself says of the moment, and from nothing else. What the policies would have to guess is named instead. Pure.
 */
import { combine } from '../decide/combine.ts';
import type { Evaluator } from '../decide/evaluator.ts';
import type { Decision } from '../decide/policy-set.ts';
import { clockName, factValue, type FactKind, type Facts } from '../explain/explanation.ts';
import { holdingAt, judge, rulesAbout, type Asked, type Rules } from '../explain/inquiry.ts';
import { wallClock, type WallClock } from '../facts/time.ts';
import { datetime, ipaddr, type CedarValue } from '../facts/values.ts';
import { NO_OBLIGATIONS } from '../language/obligations.ts';
import { readsOfAll, type Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';
import type { RecordedDecision } from './recorded-decision.ts';

/** What is known of a moment that has passed. */
export interface PastMoment {
  readonly asked: Asked;
  readonly recorded: RecordedDecision;
  /** What the policies of then looked at, so that what is not among the facts was not there; undefined where they are not known. */
  readonly lookedAt: Reads | undefined;
}

export interface ReplayedVerdict extends Pick<Decision, 'allowed' | 'because' | 'determining' | 'obligations'> {}

export type Replayed =
  | { readonly verdict: ReplayedVerdict; readonly facts: Facts }
  /** Facts that the policies look at and that are not on record. */
  | { readonly missing: readonly string[] };

/**
 * The verdict, where it follows from what is known. Where a rule looks at what is not, the call may still be
 * denied for certain: by a forbid, by an error, or because not even that rule would permit it.
 */
export function replay(evaluator: Evaluator, set: Rules, moment: PastMoment): Replayed {
  const [first, last] = spanOf(moment.recorded);
  const about = rulesAbout(set, moment.asked);
  const rules = holdingAt(about, first);
  // A rule that began or ended to hold meanwhile was asked, or it was not.
  if (holdingAt(about, last).length !== rules.length) return { missing: ['now'] };
  const { args } = readsOfAll(rules.map(({ reads }) => reads));
  // Whoever looks at what Cedar has no value for is refused, whatever else is known.
  if (args.some((name) => moment.recorded.unrepresentable.includes(`args.${name}`)))
    return { verdict: UNREPRESENTABLE_ARGUMENT, facts: {} };
  const unsure = rules.filter((rule) => missingOf(rule, moment).length > 0);
  const sure = rules.filter((rule) => !unsure.includes(rule));
  const facts = contextOf(readsOfAll(sure.map(({ reads }) => reads)), moment);
  const { matching, errors } = judge(evaluator, set, sure, moment.asked, facts);
  if (unsure.length === 0) return { verdict: combine(matching, errors), facts };
  const hopeful = unsure.filter(({ effect }) => effect === 'permit');
  const atBest = combine([...matching, ...hopeful], errors);
  if (!atBest.allowed) return { verdict: atBest, facts };
  return { missing: [...new Set(unsure.flatMap((rule) => missingOf(rule, moment)))].toSorted() };
}

const UNREPRESENTABLE_ARGUMENT: ReplayedVerdict = Object.freeze({
  ...{ allowed: false, because: 'argument', determining: [], obligations: NO_OBLIGATIONS },
});

/** What the rules of the set would look at for this request, at that moment. */
export const readsAt = (set: Rules, asked: Asked, recorded: RecordedDecision): Reads =>
  readsOfAll(holdingAt(rulesAbout(set, asked), spanOf(recorded)[0]).map(({ reads }) => reads));

/** Between which moments it was decided: a record is made when the call has ended, and says how long it took. */
function spanOf({ record: { time, durationMs = 0 } }: RecordedDecision): readonly [number, number] {
  const end = Date.parse(time);
  return [Math.floor(end - durationMs), end];
}

const ABSENT: unique symbol = Symbol('absent');
type Found = CedarValue | typeof ABSENT | undefined;

function missingOf(rule: Rule, moment: PastMoment): readonly string[] {
  const { fields, args, clocks } = rule.reads;
  return [
    ...fields.filter((name) => find('fields', name, moment) === undefined),
    ...args.filter((name) => find('args', name, moment) === undefined).map((name) => `args.${name}`),
    ...clocks.filter((name) => find('clocks', name, moment) === undefined).map(clockName),
    // No record keeps the name of a person.
    ...(moment.asked.principal.type === 'User' && seesName(rule) ? ['principal.name'] : []),
  ];
}

/** The value; that there was none; or undefined for what nobody knows any more. */
function find(kind: FactKind, name: string, { recorded, lookedAt }: PastMoment): Found {
  const value = factValue(recorded.facts, kind, name);
  if (value !== undefined) return value;
  if (kind === 'args' && recorded.withoutArguments) return undefined;
  if (lookedAt?.[kind].includes(name) === true) return ABSENT;
  if (kind === 'fields') return fieldOfRecord(name, recorded);
  return kind === 'clocks' ? clockOfRecord(name, recorded) : undefined;
}

/** What the record says of the call anyway. */
function fieldOfRecord(name: string, recorded: RecordedDecision): Found {
  const { door, actor, delegation = [], address } = recorded.record;
  switch (name) {
    case 'door':
      return door === 'mcp' || door === 'rest' || door === 'cli' ? door : undefined;
    case 'method':
      if (actor.keyId !== undefined) return 'api-key';
      if (actor.sessionId !== undefined) return 'session';
      return actor.tsid === undefined ? undefined : 'token';
    case 'actors':
      // With anybody: those of tokens beside the credential are among them, of whom policies know nothing.
      return delegation.length === 0 ? [] : undefined;
    case 'address':
      return address === undefined ? undefined : ipaddr(address);
    case 'now': {
      const [first, last] = spanOf(recorded);
      return first === last ? datetime(first) : undefined;
    }
    default:
      return undefined;
  }
}

/** Where the clock said the same from the beginning of the call to its end. */
function clockOfRecord(clock: string, recorded: RecordedDecision): Found {
  const [zone, field] = clock.split(' ') as [string, keyof WallClock];
  const [first, last] = spanOf(recorded).map((at) => wallClock(at, zone)?.[field]);
  return first === last ? first : undefined;
}

function contextOf({ fields, args, clocks }: Reads, moment: PastMoment): Facts {
  const context: Record<string, CedarValue> = {};
  const put = (record: Record<string, CedarValue>, key: string, found: Found): void => {
    if (found !== undefined && found !== ABSENT) record[key] = found;
  };
  for (const name of fields) put(context, name, find('fields', name, moment));
  if (args.length > 0) {
    const given: Record<string, CedarValue> = {};
    for (const name of args) put(given, name, find('args', name, moment));
    context['args'] = given;
  }
  if (clocks.length > 0) {
    const zones: Record<string, Record<string, CedarValue>> = {};
    for (const clock of clocks) {
      const [zone, field] = clock.split(' ') as [string, string];
      put((zones[zone] ??= {}), field, find('clocks', clock, moment));
    }
    context['time'] = zones;
  }
  return context;
}

/** A rule that looks at who somebody is may look at everything about them; few do but for groups and roles. */
function seesName({ reads, json }: Rule): boolean {
  if (reads.principal !== 'itself') return reads.principal.includes('name');
  const ofTools = '{"left":{"Var":"resource"},"attr":"name"}';
  return JSON.stringify(json.conditions).replaceAll(ofTools, '').includes('"name"');
}
