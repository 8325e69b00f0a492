import type { McpServerDeclaration } from '#contract';
import { BoundedCache, isRecord, ok, type Clock, type JsonObject, type Logger } from '#kernel';
import type { ServerConnection } from '../connections/index.ts';
import { serversError } from '../errors.ts';
import type { Known } from './catalogue.ts';
import { digestOf } from './definition-digest.ts';
import { MOST_ENTRIES, readLists, type KnownLists } from './read-lists.ts';

type Kind = keyof KnownLists;

/** What tells entries of a list apart. */
const KEYS = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' } as const;
const KINDS = Object.keys(KEYS) as readonly Kind[];

/** The lists that clients know, of which templates are a part of the resources. */
export type ChangedList = Exclude<Kind, 'resourceTemplates'>;

/** What one caller was told that there is: digests of definitions, by what tells them apart. */
interface Listing {
  readonly at: number;
  readonly digests: Readonly<Record<Kind, ReadonlyMap<string, string>>>;
}

interface Kept {
  readonly raw: JsonObject;
  readonly digest: string;
  /** The context that it was told to. */
  readonly by: string;
}

const MOST_CONTEXTS = 1_000;

/**
 * What a server offers that answers each caller by themselves. Nobody can ask it in nobody's name, so nothing is known
 * of it before the first caller has come; each caller's lists are read before their first call, and again when
 * they are older than `refresh` or the server says that they changed.
 *
 * Definitions are kept for all: a tool has one definition here, which was pinned. It is that of whoever brought it, as
 * long as they are told so; what somebody else is told does not change it while it is told to them. So one caller
 * cannot put words into the tool of another, and neither can a server that gives two callers two definitions of one
 * name: whoever is told another than the one that was approved does not run it (`check`).
 */
export class CallerCatalogue {
  readonly #declaration: McpServerDeclaration;
  readonly #changed: () => void;
  readonly #changedFor: (context: string, lists: ReadonlySet<ChangedList>) => void;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #listings = new BoundedCache<string, Listing>(MOST_CONTEXTS);
  readonly #reading = new Map<string, Promise<void>>();
  readonly #kept: Record<Kind, Map<string, Kept>> = {
    ...{ tools: new Map(), prompts: new Map(), resources: new Map(), resourceTemplates: new Map() },
  };
  #known: Known | undefined;

  constructor(options: {
    declaration: McpServerDeclaration;
    changed: () => void;
    /** Called when one caller is offered something else than before. */
    changedFor: (context: string, lists: ReadonlySet<ChangedList>) => void;
    clock: Clock;
    log: Logger;
  }) {
    this.#declaration = options.declaration;
    this.#changed = options.changed;
    this.#changedFor = options.changedFor;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get known(): Known | undefined {
    return this.#known;
  }

  /** Nothing is waited for: who calls it first finds out. */
  readonly first = Promise.resolve();

  /** That nobody has come is no fault. */
  readonly standing = ok(undefined);

  start(): void {}

  end(): Promise<void> {
    this.#ending.abort(new Error('the server was taken away'));
    return Promise.resolve();
  }

  /** What changes it tells to each caller by themselves, over a connection of theirs: nobody is watched for here. */
  watch(): void {}

  /** Whether it has said to the caller what there is, be it long ago. */
  hasTold(context: string): boolean {
    return this.#listings.get(context) !== undefined;
  }

  /** Reads what the caller of the connection is offered, unless that is known. Rejects as `readLists` does. */
  async learn(context: string, connection: ServerConnection): Promise<void> {
    if (this.#fresh(context) !== undefined) return;
    let reading = this.#reading.get(context);
    if (reading === undefined) {
      reading = this.#read(context, connection).finally(() => this.#reading.delete(context));
      this.#reading.set(context, reading);
    }
    await reading;
  }

  /** The server says that what it offers the caller is another now. */
  stale(context: string): void {
    const listing = this.#listings.get(context);
    if (listing !== undefined) this.#listings.set(context, { ...listing, at: -Infinity });
  }

  /** Throws unless the caller, whose lists are known, is offered the tool by this very definition (invariant 21). */
  check(context: string, definition: JsonObject): void {
    const { name } = this.#declaration;
    const tool = definition['name'] as string;
    const digest = this.#listings.get(context)?.digests.tools.get(tool);
    if (digest === digestOf(definition)) return;
    if (digest === undefined)
      throw serversError('TOOL_NOT_OFFERED', `\`${name}\` does not offer \`${tool}\` to this caller`);
    this.#log.warn({ event: 'server.tool-differs', server: name, tool }, 'a caller is offered another tool of a name');
    throw serversError('TOOL_DIFFERS', `\`${name}\` offers this caller another \`${tool}\` than the one that is here`);
  }

  /**
   * Whether a caller is shown the entry: what they are offered, once that is known. Before, definitions are shown, and
   * resources are not: which there are may be somebody's own affair.
   */
  shows(context: string, kind: Kind, raw: JsonObject): boolean {
    const listing = this.#listings.get(context);
    if (listing === undefined) return kind !== 'resources';
    return listing.digests[kind].get(keyOf(kind, raw) ?? '') === digestOf(raw);
  }

  async #read(context: string, connection: ServerConnection): Promise<void> {
    const lists = await readLists(connection, this.#declaration.name, this.#ending.signal);
    const at = this.#clock.now();
    const digests = Object.fromEntries(KINDS.map((kind) => [kind, digestsOf(kind, lists[kind])])) as Listing['digests'];
    const before = this.#listings.get(context);
    this.#listings.set(context, { at, digests });
    const others = KINDS.filter((kind) => before !== undefined && !areSame(before.digests[kind], digests[kind]));
    const another = new Set(others.map((kind) => (kind === 'resourceTemplates' ? 'resources' : kind)));
    if (another.size > 0) this.#changedFor(context, another);
    const changes = KINDS.map((kind) => this.#merge(context, kind, lists[kind], digests[kind]));
    if (this.#known !== undefined && !changes.includes(true)) return;
    const { era, version, capabilities, serverInfo } = connection;
    // Instructions may be for the one who asked.
    const server = this.#known?.server ?? { era, version, capabilities, serverInfo, instructions: undefined };
    const kept = KINDS.map((kind) => [kind, Array.from(this.#kept[kind].values(), ({ raw }) => raw)]);
    this.#known = { server, lists: Object.fromEntries(kept) as KnownLists };
    this.#changed();
  }

  /** Takes up what is told to the context; true where something is another for all. */
  #merge(context: string, kind: Kind, list: readonly JsonObject[], digests: ReadonlyMap<string, string>): boolean {
    const kept = this.#kept[kind];
    let isChanged = false;
    for (const raw of list) {
      const key = keyOf(kind, raw);
      const digest = key === undefined ? undefined : digests.get(key);
      if (key === undefined || digest === undefined) continue;
      const before = kept.get(key);
      if (before?.digest === digest) continue;
      if (before === undefined ? kept.size >= MOST_ENTRIES : before.by !== context && this.#isTold(before, kind, key))
        continue;
      kept.set(key, { raw, digest, by: context });
      isChanged = true;
    }
    for (const [key, { raw, digest, by }] of kept) {
      if (by !== context || digests.has(key)) continue;
      const other = this.#contextWith(kind, key, digest);
      if (other !== undefined) kept.set(key, { raw, digest, by: other });
      else isChanged = kept.delete(key);
    }
    return isChanged;
  }

  #isTold({ by, digest }: Kept, kind: Kind, key: string): boolean {
    return this.#fresh(by)?.digests[kind].get(key) === digest;
  }

  #contextWith(kind: Kind, key: string, digest: string): string | undefined {
    return this.#listings.keys().find((context) => this.#fresh(context)?.digests[kind].get(key) === digest);
  }

  #fresh(context: string): Listing | undefined {
    const listing = this.#listings.get(context);
    return listing !== undefined && Math.abs(this.#clock.now() - listing.at) < this.#declaration.refresh
      ? listing
      : undefined;
  }
}

function digestsOf(kind: Kind, list: readonly JsonObject[]): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  // Of two of a name the first counts, as in the list of a server that answers all alike.
  for (const raw of list) {
    const key = keyOf(kind, raw);
    if (key !== undefined && !digests.has(key) && isRecord(raw)) digests.set(key, digestOf(raw));
  }
  return digests;
}

const areSame = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
  left.size === right.size && Array.from(left).every(([key, digest]) => right.get(key) === digest);

function keyOf(kind: Kind, raw: JsonObject): string | undefined {
  const key = raw[KEYS[kind]];
  return typeof key === 'string' ? key : undefined;
}
