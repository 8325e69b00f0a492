/**
 * A source of a snapshot, and how many calls are on it. A reload that drops or changes a source retires
 * it: calls in flight end on it, and when the last has ended it is closed.
 */
import { statSync } from 'node:fs';
import type { SecretReader, SourceDeclaration, WorkloadIdentities } from '#contract';
import { ChatelaineError, err, ok, type Clock, type Logger } from '#kernel';
import { SourceSecrets } from '../secrets/index.ts';
import type { SourceState } from '../snapshot.ts';
import type { Source, SourceType } from '../sources/source.ts';
import { sameConfig } from './same-config.ts';

export class OpenSource {
  readonly source: Source;
  readonly declaration: SourceDeclaration;
  readonly #log: Logger;
  #files: string | undefined;
  #running = 0;
  #retired = false;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(source: Source, declaration: SourceDeclaration, log: Logger) {
    this.source = source;
    this.declaration = declaration;
    this.#log = log;
  }

  /** Opens a source as its type does: without touching what is behind it, but for modules. */
  static async open(
    type: SourceType,
    declaration: SourceDeclaration,
    surroundings: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly secrets?: SecretReader | undefined;
      readonly workloads?: WorkloadIdentities | undefined;
    },
  ): Promise<OpenSource> {
    const { name, directory, fields } = declaration;
    const { clock, workloads } = surroundings;
    const log = surroundings.log.child({ source: name });
    const secrets = new SourceSecrets(surroundings.secrets, declaration, clock);
    const opened = new OpenSource(
      type.open(fields, { name, directory, log, clock, secrets, workloads }),
      declaration,
      log,
    );
    await opened.source.load?.();
    opened.#files = stampOf(opened.source.files);
    return opened;
  }

  /** Whether a new declaration asks for exactly this source. */
  serves({ type, fields, directory }: SourceDeclaration): boolean {
    const own = this.declaration;
    if (own.type !== type || own.directory !== directory || !sameConfig(own.fields, fields)) return false;
    return this.#files === stampOf(this.source.files);
  }

  get state(): SourceState {
    const { source } = this;
    return {
      name: this.declaration.name,
      type: this.declaration.type,
      async probe(signal) {
        try {
          await source.check(signal);
          return ok(undefined);
        } catch (error) {
          const secret = error instanceof ChatelaineError ? error.details?.['secret'] : undefined;
          return err({
            reason: error instanceof Error ? error.message : String(error),
            ...(typeof secret === 'string' && { secret }),
          });
        }
      },
    };
  }

  /** Counts a call in; false when the source has been closed already. */
  enter(): boolean {
    if (this.#retired && this.#running === 0) return false;
    this.#running++;
    return true;
  }

  readonly leave = (): void => {
    if (--this.#running === 0 && this.#retired) this.#close();
  };

  /** Closes the source when its last call has ended; resolves then. */
  retire(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    if (!this.#retired) {
      this.#retired = true;
      if (this.#running === 0) this.#close();
    }
    return this.#closed.promise;
  }

  #close(): void {
    this.source.close().then(
      () => this.#closed?.resolve(),
      (error: unknown) => {
        this.#log.warn({ err: error }, 'a source did not close cleanly');
        this.#closed?.resolve();
      },
    );
  }
}

/** Tells whether any of the files changed since; undefined for a source without files. */
function stampOf(files: readonly string[] | undefined): string | undefined {
  return files
    ?.map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return `${file} ${stat?.ino} ${stat?.size} ${stat?.mtimeMs}`;
    })
    .join('\n');
}
