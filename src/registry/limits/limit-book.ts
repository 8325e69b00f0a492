import { BoundedCache, type Clock } from '#kernel';
import type { CalledTool, LimitDeclaration } from '#contract';
import type { Database } from '#db';
import { ChangeWatch } from '#identity';
import { listLimits } from '../store/limits-store.ts';
import { isAboutTool, ruleOf, type LimitRule } from './rule.ts';

const TOOLS_REMEMBERED = 10_000;

/**
 * The limits that hold now: those of the configuration, and those of the database, which are read again when
 * another process changed something. A name that stands in both is the configuration's.
 */
export class LimitBook {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #declared: () => readonly LimitDeclaration[];
  readonly #watch: ChangeWatch;
  readonly #byTool = new BoundedCache<string, readonly LimitRule[]>(TOOLS_REMEMBERED);
  #documents: readonly LimitDeclaration[] | undefined;
  #stored: readonly LimitRule[] | undefined;
  #rules: readonly LimitRule[] = [];
  #reading: Promise<void> | undefined;
  #generation = 0;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    /** The `kind: limit` documents of now: another list where they are others. */
    readonly declared: () => readonly LimitDeclaration[];
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#declared = parts.declared;
    this.#watch = new ChangeWatch(parts.database.changes, () => this.forget());
  }

  /** The rules about calls of a tool, whoever calls it. A promise only where they have to be read first. */
  about(
    tool: Pick<CalledTool, 'namespace' | 'name'>,
    toolsets: readonly string[],
  ): readonly LimitRule[] | Promise<readonly LimitRule[]> {
    this.#watch.look(this.#clock.now());
    if (this.#stored === undefined) return this.#read().then(() => this.#about(tool, toolsets));
    return this.#about(tool, toolsets);
  }

  /** All of them, by id. */
  async all(): Promise<readonly LimitRule[]> {
    this.#watch.look(this.#clock.now());
    if (this.#stored === undefined) await this.#read();
    return this.#current();
  }

  /** The limits of the configuration alone. */
  declared(): readonly LimitRule[] {
    return this.#declared().map(ruleOf);
  }

  /** This process changed something. */
  forget(): void {
    this.#generation++;
    this.#stored = undefined;
    this.#reading = undefined;
  }

  #about(tool: Pick<CalledTool, 'namespace' | 'name'>, toolsets: readonly string[]): readonly LimitRule[] {
    const rules = this.#current();
    if (rules.length === 0) return rules;
    const key = `${tool.namespace}/${tool.name}\n${toolsets.join(' ')}`;
    let about = this.#byTool.get(key);
    if (about === undefined) {
      about = rules.filter((rule) => isAboutTool(rule, tool, toolsets));
      this.#byTool.set(key, about);
    }
    return about;
  }

  #current(): readonly LimitRule[] {
    const documents = this.#declared();
    if (documents === this.#documents) return this.#rules;
    const declared = documents.map(ruleOf);
    const names = new Set(declared.map(({ id }) => id));
    const stored = (this.#stored ?? []).filter(({ id }) => !names.has(id));
    this.#documents = documents;
    this.#rules = [...declared, ...stored].toSorted((one, other) => (one.id < other.id ? -1 : 1));
    this.#byTool.clear();
    return this.#rules;
  }

  /** What was read before a change is not kept. */
  async #read(): Promise<void> {
    while (this.#stored === undefined) {
      const generation = this.#generation;
      const reading = (this.#reading ??= listLimits(this.#database.db).then((stored) => {
        if (generation !== this.#generation) return;
        this.#stored = stored;
        this.#documents = undefined;
      }));
      try {
        await reading;
      } finally {
        if (this.#reading === reading) this.#reading = undefined;
      }
    }
  }
}
