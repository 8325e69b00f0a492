import type { Configuration, ToolDeclaration } from '#contract';
import { err, ok, type Result } from '#kernel';
import type { Loaded, Problem, Tool, Toolbox, ToolDocument } from '#toolbox';

/**
 * Files and registered tools as one configuration. Files win: a registered tool that a file stands in the way of, or
 * that cannot be read any more, is left out and says why; it stops neither the files nor the others.
 */
export class RegisteredDocuments {
  readonly #toolbox: Toolbox;
  #loaded: Pick<Loaded, 'configuration' | 'readTool'>;
  #documents: readonly ToolDocument[] = [];
  /** Why documents were left out, by `namespace/name`. */
  #left: ReadonlyMap<string, string> = new Map();
  /** What was read of these files: a document is read once for each. */
  #read = new Map<string, Result<ToolDeclaration, string>>();
  #declared: ReadonlySet<string>;
  /** One at a time, or an older composition would come after a newer one. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(toolbox: Toolbox, loaded: Pick<Loaded, 'configuration' | 'readTool'>) {
    this.#toolbox = toolbox;
    this.#loaded = loaded;
    this.#declared = namesOf(loaded.configuration);
  }

  /** How many there are, whether they run or not. */
  get count(): number {
    return this.#documents.length;
  }

  /** Whether a file has the name. */
  isDeclared(name: Named): boolean {
    return this.#declared.has(keyOf(name));
  }

  /** Why a registered tool does not run; undefined where it does. */
  broken(name: Named): string | undefined {
    return this.#left.get(keyOf(name)) ?? this.#toolbox.broken.find((one) => keyOf(one) === keyOf(name))?.reason;
  }

  /** Takes these in the place of all registered tools; resolves when they are in force. */
  apply(documents: readonly ToolDocument[]): Promise<Result<void, readonly Problem[]>> {
    return this.#change(async () => {
      const replaced = await this.#compose(this.#loaded, documents);
      if (replaced.ok) this.#documents = documents;
      return replaced;
    });
  }

  /** Takes files that were read anew; or gives what is wrong with them, and everything stays. */
  reload(loaded: Loaded): Promise<Result<void, readonly Problem[]>> {
    return this.#change(async () => {
      const before = this.#read;
      this.#read = new Map();
      const replaced = await this.#compose(loaded, this.#documents);
      if (!replaced.ok) {
        this.#read = before;
        return replaced;
      }
      this.#loaded = loaded;
      this.#declared = namesOf(loaded.configuration);
      return replaced;
    });
  }

  /** Builds the same once more: what servers behind us offer is another now. */
  again(): Promise<Result<void, readonly Problem[]>> {
    return this.#change(() => this.#compose(this.#loaded, this.#documents));
  }

  /** What a document would become, beside the files and on their sources; or everything that is wrong with it. */
  async trial(document: ToolDocument): Promise<Result<Tool, readonly string[]>> {
    const loaded = this.#loaded;
    const read = loaded.readTool(document);
    if (!read.ok) return err(read.error.map(told));
    return await this.#toolbox.trial(loaded.configuration, read.value);
  }

  #change<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = this.#changing.then(work);
    this.#changing = next.catch(() => undefined);
    return next;
  }

  async #compose(
    loaded: Pick<Loaded, 'configuration' | 'readTool'>,
    documents: readonly ToolDocument[],
  ): Promise<Result<void, readonly Problem[]>> {
    const declared = namesOf(loaded.configuration);
    const left = new Map<string, string>();
    const tools: ToolDeclaration[] = [];
    for (const document of documents) {
      const key = keyOf(document);
      const read = declared.has(key)
        ? err('a file declares the name, and files win')
        : this.#readOnce(loaded, document);
      if (read.ok) tools.push(read.value);
      else left.set(key, read.error);
    }
    const replaced = await this.#toolbox.replace({
      ...loaded.configuration,
      tools: [...loaded.configuration.tools, ...tools],
    });
    if (replaced.ok) this.#left = left;
    return replaced;
  }

  #readOnce(loaded: Pick<Loaded, 'readTool'>, document: ToolDocument): Result<ToolDeclaration, string> {
    const key = JSON.stringify([document.registration, document.entry]);
    let read = this.#read.get(key);
    if (read === undefined) {
      const fresh = loaded.readTool(document);
      read = fresh.ok ? ok(fresh.value) : err(fresh.error.map(told).join('; '));
      // Revisions that are gone are not looked for again; the map lives as long as the files.
      this.#read.set(key, read);
    }
    return read;
  }
}

type Named = { readonly namespace: string; readonly name: string };

const keyOf = ({ namespace, name }: Named): string => `${namespace}/${name}`;
const namesOf = ({ tools }: Configuration): ReadonlySet<string> => new Set(tools.map(keyOf));

/** A problem of a text that stands in no file. */
const told = ({ line, column, message, hint }: Problem): string =>
  `line ${line}, column ${column}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
