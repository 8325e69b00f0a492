/**
 * What was asked of a server and what it acknowledged. The journal lives in a process that is not
 * killed, so it needs no disk.
 *
 * A request that was sent and not answered may have happened or not, and either is right; it must not
 * have happened by half. One that was refused has not happened.
 */
export type Act =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'create-key'; readonly agent: string; readonly label: string }
  | { readonly kind: 'revoke-key'; readonly id: string }
  | { readonly kind: 'disable-agent'; readonly agent: string }
  | { readonly kind: 'put-secret'; readonly how: PutHow; readonly name: string; readonly value: string }
  | { readonly kind: 'disable-secret'; readonly name: string };

/** A secret that there is not yet, a value in the place of all others, one in front of the others. */
export type PutHow = 'make' | 'replace' | 'rotate';

export const KINDS: readonly Act['kind'][] = [
  'note',
  'create-key',
  'revoke-key',
  'disable-agent',
  'put-secret',
  'disable-secret',
];

/** `open` until there is an answer, and for good where none came or one that says that something broke. */
export type Fate = 'open' | 'acknowledged' | 'refused';

export interface Entry {
  readonly act: Act;
  /** W3C trace id, by which its record is found. */
  readonly traceId: string;
  fate: Fate;
  /** The body of an acknowledgement. */
  body: unknown;
  /** How an answer that is no acknowledgement named its reason: a code of the catalogue, or the status. */
  code: string | undefined;
}

export interface KnownKey {
  readonly id: string;
  readonly key: string;
  readonly agent: string;
}

export class Journal {
  readonly entries: Entry[] = [];
  /** Those that were acknowledged, in that order. */
  readonly keys: KnownKey[] = [];
  /** The secret of each acknowledged value, in that order. */
  readonly secrets: string[] = [];
  /** The secrets that are known to be there, also by a refusal: who made one may not have heard of it. */
  readonly made = new Set<string>();
  readonly #asked = new Map<Act['kind'], number>();
  readonly #acknowledged = new Map<Act['kind'], number>();
  readonly #about = new Map<string, Entry[]>();

  begin(act: Act, traceId: string): Entry {
    const entry: Entry = { act, traceId, fate: 'open', body: undefined, code: undefined };
    this.entries.push(entry);
    this.#asked.set(act.kind, this.asked(act.kind) + 1);
    const object = objectOf(act);
    const others = this.#about.get(object);
    if (others === undefined) this.#about.set(object, [entry]);
    else others.push(entry);
    return entry;
  }

  acknowledge(entry: Entry, body: unknown): void {
    entry.fate = 'acknowledged';
    entry.body = body;
    const { act } = entry;
    this.#acknowledged.set(act.kind, this.count(act.kind) + 1);
    if (act.kind === 'put-secret') {
      this.secrets.push(act.name);
      this.made.add(act.name);
    }
    if (act.kind !== 'create-key') return;
    const { key, secret } = body as { key: { id: string }; secret: string };
    this.keys.push({ id: key.id, key: secret, agent: act.agent });
  }

  /** Takes an answer that is no acknowledgement. One that says that something broke leaves open what happened. */
  refuse(entry: Entry, status: number, code = String(status)): void {
    entry.code = code;
    if (status >= 500) return;
    entry.fate = 'refused';
    if (entry.act.kind === 'put-secret' && code === 'PRECONDITION_FAILED') this.made.add(entry.act.name);
  }

  /** How many of a kind were acknowledged. */
  count(kind: Act['kind']): number {
    return this.#acknowledged.get(kind) ?? 0;
  }

  /** How many of a kind were asked for, whatever came of it. */
  asked(kind: Act['kind']): number {
    return this.#asked.get(kind) ?? 0;
  }

  /** What may have happened of a kind: without what was refused. */
  of<Kind extends Act['kind']>(kind: Kind): readonly EntryOf<Kind>[] {
    return this.entries.filter((entry): entry is EntryOf<Kind> => entry.act.kind === kind && entry.fate !== 'refused');
  }

  acknowledged<Kind extends Act['kind']>(kind: Kind): readonly EntryOf<Kind>[] {
    return this.of(kind).filter(({ fate }) => fate === 'acknowledged');
  }

  /** Whether an act of this kind about this object was asked for, and whether one was acknowledged. */
  fate(kind: 'revoke-key' | 'disable-agent' | 'disable-secret', about: string): Fate | 'never asked' {
    const fates = (this.#about.get(`${kind} ${about}`) ?? []).map(({ fate }) => fate);
    return (['acknowledged', 'open', 'refused'] as const).find((fate) => fates.includes(fate)) ?? 'never asked';
  }
}

type EntryOf<Kind extends Act['kind']> = Entry & { readonly act: Extract<Act, { readonly kind: Kind }> };

function objectOf(act: Act): string {
  switch (act.kind) {
    case 'note':
      return `${act.kind} ${act.text}`;
    case 'create-key':
      return `${act.kind} ${act.label}`;
    case 'revoke-key':
      return `${act.kind} ${act.id}`;
    case 'disable-agent':
      return `${act.kind} ${act.agent}`;
    case 'put-secret':
    case 'disable-secret':
      return `${act.kind} ${act.name}`;
  }
}
