/**
 * The toolbox that runs: one snapshot at a time, replaced whole. Whoever took the snapshot before keeps
 * a complete one; its sources are closed when the last call on them has ended.
 */
import type { Configuration, ToolDeclaration } from '#contract';
import { err, ok, type Result } from '#kernel';
import { buildSnapshot, type BrokenTool, type BuildOptions, type BuiltSnapshot } from './build/index.ts';
import type { Problem } from './config/problems.ts';
import type { Tool, ToolboxSnapshot } from './snapshot.ts';

export type ToolboxOptions = Omit<BuildOptions, 'previous'>;

export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #listeners = new Set<(snapshot: ToolboxSnapshot) => void>();
  #built: BuiltSnapshot;
  #changing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(built: BuiltSnapshot, options: ToolboxOptions) {
    this.#built = built;
    this.#options = options;
  }

  /** The snapshot of now; take it once per request. */
  current(): ToolboxSnapshot {
    return this.#built.snapshot;
  }

  /** What `config check` and the log report about it. */
  get warnings(): readonly Problem[] {
    return this.#built.warnings;
  }

  /** Files of modules; when one changes, `replace` with the same configuration picks it up. */
  get files(): readonly string[] {
    return this.#built.files;
  }

  /** Registered tools that could not be built, and why. */
  get broken(): readonly BrokenTool[] {
    return this.#built.broken;
  }

  /** Calls back after every swap; returns what stops it. */
  onChange(listener: (snapshot: ToolboxSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Builds the next snapshot beside this one and swaps, or gives every problem and changes nothing.
   * Sources whose configuration is the same go on, connections and all. One replacement at a time.
   */
  replace(configuration: Configuration): Promise<Result<void, readonly Problem[]>> {
    const next = this.#changing.then(() => this.#replace(configuration));
    this.#changing = next.catch(() => undefined);
    return next;
  }

  async #replace(configuration: Configuration): Promise<Result<void, readonly Problem[]>> {
    const previous = this.#built;
    const built = await buildSnapshot(configuration, { ...this.#options, previous });
    if (!built.ok) return err(built.error);
    const kept = new Set<Retiring>(openOf(built.value));
    if (this.#closed) {
      for (const open of kept) void open.retire();
      return ok(undefined);
    }
    this.#built = built.value;
    for (const open of openOf(previous)) if (!kept.has(open)) void open.retire();
    for (const listener of this.#listeners) listener(built.value.snapshot);
    return ok(undefined);
  }

  /** What one declaration would become on the sources that are open, without putting it to use; or why nothing. */
  async trial(configuration: Configuration, declaration: ToolDeclaration): Promise<Result<Tool, readonly string[]>> {
    const alone = { ...configuration, tools: [declaration], toolsets: [], groups: [], prompts: [] };
    const previous = this.#built;
    const { judge } = this.#options;
    const built = await buildSnapshot(alone, {
      ...{ ...this.#options, previous },
      // Policies are about the others as well: beside them is where it would run.
      judge: judge && ((asked, made) => judge(asked, withTools(previous.snapshot, made), 'trial')),
    });
    if (!built.ok) return err(built.error.map(({ message }) => message));
    const kept = new Set<Retiring>(openOf(previous));
    for (const open of openOf(built.value)) if (!kept.has(open)) void open.retire();
    const tool = built.value.snapshot.namespaces.get(declaration.namespace)?.tools.get(declaration.name);
    return tool === undefined ? err(built.value.broken.map(({ reason }) => reason)) : ok(tool);
  }

  /** Closes every source as soon as its calls have ended; resolves when all are closed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    await this.#changing;
    await Promise.all(openOf(this.#built).map((open) => open.retire()));
  }
}

interface Retiring {
  retire(): Promise<void>;
}

/** Everything of a build that is open. */
const openOf = ({ sources, servers }: BuiltSnapshot): readonly Retiring[] => [...sources.values(), ...servers.values()];

/** What runs, with the tools of another snapshot beside or in the place of its own. */
function withTools(running: ToolboxSnapshot, more: ToolboxSnapshot): ToolboxSnapshot {
  const namespaces = new Map(running.namespaces);
  for (const [name, view] of more.namespaces) {
    const there = namespaces.get(name);
    namespaces.set(name, there === undefined ? view : { ...there, tools: new Map([...there.tools, ...view.tools]) });
  }
  return { ...running, namespaces };
}

/** Builds the first snapshot. Nothing is connected; an unreachable source does not stand in the way. */
export async function openToolbox(
  configuration: Configuration,
  options: ToolboxOptions,
): Promise<Result<Toolbox, readonly Problem[]>> {
  const built = await buildSnapshot(configuration, options);
  return built.ok ? ok(new Toolbox(built.value, options)) : err(built.error);
}
