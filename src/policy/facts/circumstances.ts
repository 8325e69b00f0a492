/** What is known about the moment of a call, and the part of it that policies look at. Pure. */
import type { Reads } from '../language/reads.ts';
import { wallClock, type WallClock } from './time.ts';
import { datetime, ipaddr, UNREPRESENTABLE, type CedarValue, type Represented, type Told } from './values.ts';

export interface Circumstances {
  readonly door: 'mcp' | 'rest' | 'cli' | 'api' | 'console';
  readonly method: string;
  readonly scopes: ReadonlySet<string>;
  readonly client?: string | undefined;
  readonly address?: string | undefined;
  /** Of the address: ISO 3166-1 alpha-2, and the number of its autonomous system (`Places`). */
  readonly country?: Told<string>;
  readonly asn?: Told<number>;
  /** When the person last proved who they are, in milliseconds. */
  readonly authTime?: number | undefined;
  readonly mfa: boolean;
  /** Who acts for the caller, `issuer#subject`, nearest first. */
  readonly actors: readonly string[];
  /** Labels of answers that the caller was given of late, in order. */
  readonly seen?: readonly string[] | undefined;
  readonly now: number;
  /** An argument by its declared type: `argumentValue`. */
  readonly argument: (name: string) => Represented;
}

export interface ContextOfRequest {
  readonly context: Readonly<Record<string, CedarValue>>;
  /** What a decision may be remembered by; undefined where the next moment may decide otherwise. */
  readonly key: string | undefined;
  /** What is looked at and cannot be said in Cedar. */
  readonly unrepresentable: readonly string[];
}

/** What is told of an address by files, which have to be loaded first. */
export const PLACE_FIELDS = ['country', 'asn'] as const;
export type PlaceField = (typeof PLACE_FIELDS)[number];

/** Other at every moment: a decision that looks at them is good for this one. */
const FLEETING: ReadonlySet<string> = new Set(['now', 'authAgeSeconds']);

/** The context with what is looked at, and nothing else. */
export function contextFor(reads: Reads, given: Circumstances): ContextOfRequest {
  const context: Record<string, CedarValue> = {};
  const unrepresentable: string[] = [];
  for (const name of reads.fields) {
    const value = fieldOf(name, given);
    if (value === UNREPRESENTABLE) unrepresentable.push(name);
    else if (value !== undefined) context[name] = value;
  }
  if (reads.args.length > 0) context['args'] = argumentsOf(reads.args, given, unrepresentable);
  if (reads.clocks.length > 0) context['time'] = clocksOf(reads.clocks, given.now);
  // What is lacking because nobody could be asked is not to be taken for what is not there.
  const passing = unrepresentable.length > 0 || reads.fields.some((name) => FLEETING.has(name));
  return { context, key: passing ? undefined : JSON.stringify(context), unrepresentable };
}

function fieldOf(name: string, given: Circumstances): Represented {
  switch (name) {
    case 'door':
      return given.door;
    case 'method':
      return given.method;
    case 'scopes':
      return [...given.scopes].toSorted();
    case 'client':
      return given.client;
    case 'address':
      return given.address === undefined ? undefined : ipaddr(given.address);
    case 'country':
      return given.country;
    case 'asn':
      return given.asn;
    case 'authAgeSeconds':
      // A clock that was set back must not make an old proof a new one.
      return given.authTime === undefined || given.authTime > given.now
        ? undefined
        : Math.floor((given.now - given.authTime) / 1000);
    case 'mfa':
      return given.mfa;
    case 'actors':
      return [...given.actors];
    case 'seen':
      return [...(given.seen ?? [])];
    case 'now':
      return datetime(given.now);
    default:
      return undefined;
  }
}

function argumentsOf(names: readonly string[], given: Circumstances, unrepresentable: string[]): CedarValue {
  const args: Record<string, CedarValue> = {};
  for (const name of names) {
    const value = given.argument(name);
    if (value === UNREPRESENTABLE) unrepresentable.push(`args.${name}`);
    else if (value !== undefined) args[name] = value;
  }
  return args;
}

function clocksOf(clocks: readonly string[], now: number): CedarValue {
  const zones: Record<string, Record<string, CedarValue>> = {};
  for (const clock of clocks) {
    const [zone, field] = clock.split(' ') as [string, keyof WallClock];
    const wall = wallClock(now, zone);
    if (wall === undefined) continue;
    const facts = (zones[zone] ??= {});
    if (Object.hasOwn(wall, field)) facts[field] = wall[field];
  }
  return zones;
}
