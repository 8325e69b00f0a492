import { constants, DatabaseSync, type StatementSync } from 'node:sqlite';
import { VALUE_OPTIONS } from './answer.ts';

/** A longer value is the pool's to read; here it would be a pause for everybody. */
const LONGEST_VALUE = 256 * 1024;

/**
 * A connection whose statements stay what they were compiled to. SQLite compiles a statement anew, and
 * tells nobody, when it meets another schema than the one it was compiled for: a lookup whose index
 * was dropped would come back as a scan, on the event loop.
 *
 * SQLite asks the authorizer whenever it compiles (https://sqlite.org/c3ref/set_authorizer.html). Here
 * it says no to all but `compile`, so that a statement that SQLite would change fails instead. That is
 * asked for nothing but compiling: a run needs no look at the schema, and no transaction around both.
 */
export class InlineConnection {
  readonly #database: DatabaseSync;
  readonly #version: StatementSync;
  #compiling = true;
  #refused = false;

  /** Opens the file to read it, without ever waiting for a lock. Throws when it cannot. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, {
      ...VALUE_OPTIONS,
      readOnly: true,
      timeout: 0,
      allowExtension: false,
      defensive: true,
      enableDoubleQuotedStringLiterals: false,
      limits: { attach: 0, length: LONGEST_VALUE },
    });
    this.#database.setAuthorizer(() => {
      if (this.#compiling) return constants.SQLITE_OK;
      this.#refused = true;
      return constants.SQLITE_DENY;
    });
    this.#version = this.#database.prepare('PRAGMA schema_version');
    this.#compiling = false;
  }

  /** Compiles a text for the given version of the schema; undefined when the file has another. */
  compile(text: string, schemaVersion: bigint): StatementSync | undefined {
    return this.#inSnapshot((version) => (version === schemaVersion ? this.#database.prepare(text) : undefined));
  }

  /** Whether the file still has that version of the schema. Throws when it cannot be read. */
  hasVersion(schemaVersion: bigint): boolean {
    return this.#inSnapshot((version) => version === schemaVersion);
  }

  /** Whether SQLite wanted to compile a statement anew since this was last asked. */
  takeRefusal(): boolean {
    const refused = this.#refused;
    this.#refused = false;
    return refused;
  }

  close(): void {
    this.#database.close();
  }

  /** The version of the schema, and what is compiled, belong to one state of the file. */
  #inSnapshot<Value>(use: (schemaVersion: bigint) => Value): Value {
    this.#compiling = true;
    try {
      // The SELECT makes SQLite look whether what it remembers of the schema is what the file has.
      this.#database.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
      const [version] = this.#version.get() as unknown as [bigint];
      return use(version);
    } finally {
      if (this.#database.isTransaction) this.#database.exec('COMMIT');
      this.#compiling = false;
    }
  }
}
