import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { BoundedCache } from '#kernel';
import type { StatementCounts } from '../database.ts';
import { isBusy, translateFailure } from './failure.ts';
import { keyringTable } from './keyring.ts';

// SQLite waits for a lock by sleeping on the event loop. So it may for the moment that another
// process's commit takes; beyond that the wait is ours and asynchronous.
const BLOCKING_WAIT_MS = 20;
const LOCK_WAIT_MS = 5000;
const LONGEST_PAUSE_MS = 100;
const STATEMENTS_KEPT = 256;

interface PreparedStatement {
  readonly statement: StatementSync;
  readonly givesRows: boolean;
}

/** What is set for each of the two files. */
const ofFile = (schema: 'main' | 'keyring'): readonly string[] => [
  `${schema}.journal_mode = wal`,
  `${schema}.synchronous = full`,
  // Bytes that were deleted are overwritten with zeros: a destroyed key is not left in a free page.
  `${schema}.secure_delete = on`,
  `${schema}.journal_size_limit = ${64 * 1024 * 1024}`,
];

/**
 * The process's one connection to the state file, with the keyring attached: statements name the tables
 * of both alike, and a transaction holds the write locks of both.
 *
 * In WAL mode such a transaction is atomic in each file, and not across them when the machine dies
 * between the two (https://www.sqlite.org/lang_attach.html). Who writes in both says what may be left
 * then: `vault/store/settle-keyring.ts`.
 *
 * It never holds a read snapshot from one turn of the event loop to the next: a statement runs to
 * its end at once, and a transaction takes the write lock at `begin`, while which nobody else can
 * commit. That is what makes `dataVersion` true at every moment it can be asked.
 */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new BoundedCache<string, PreparedStatement>(STATEMENTS_KEPT);
  #dataVersion: StatementSync | undefined;
  #executed = 0;
  #prepared = 0;

  readonly #keyring: string;
  readonly #readOnly: boolean;

  /** Opens existing files. Their modes are the caller's to have set. With `readOnly` nothing in their folder changes. */
  constructor(file: string, keyring: string, { readOnly = false }: { readonly readOnly?: boolean | undefined } = {}) {
    this.#keyring = keyring;
    this.#readOnly = readOnly;
    try {
      this.#database = new DatabaseSync(readOnly ? untouched(file) : file, {
        readOnly,
        timeout: BLOCKING_WAIT_MS,
        enableForeignKeyConstraints: true,
        enableDoubleQuotedStringLiterals: false,
        allowExtension: false,
        // No writable_schema, no direct writes to shadow tables: a statement that got in cannot
        // make a file that SQLite itself would trip over.
        defensive: true,
      });
    } catch (error) {
      throw translateFailure(error);
    }
  }

  /**
   * Write-ahead log, so that readers in other processes never wait; `synchronous = full`, so that a
   * commit is on the disk before it returns (in WAL the default loses the last commits with the power:
   * a revocation that was acknowledged must not come undone).
   */
  async configure(): Promise<void> {
    if (this.#readOnly) return await this.#configureReading();
    await this.#whenFree(() => this.#database.prepare('attach ? as keyring').run(this.#keyring));
    for (const pragma of ['trusted_schema = off', 'cell_size_check = on', ...ofFile('main'), ...ofFile('keyring')]) {
      await this.#whenFree(() => this.#database.exec(`pragma ${pragma}`));
    }
    // Not by a migration: that would commit in two files at once, and a crash could leave its ledger without it.
    await this.#whenFree(() => this.#database.exec(keyringTable('keyring')));
    this.#dataVersion = this.#database.prepare('pragma data_version');
  }

  /** A keyring that is gone is an empty one here, and is not made. */
  async #configureReading(): Promise<void> {
    const keyring = this.#keyring;
    if (existsSync(keyring)) {
      await this.#whenFree(() => this.#database.prepare('attach ? as keyring').run(untouched(keyring)));
    } else {
      this.#database.exec(keyringTable('temp'));
    }
    for (const pragma of ['trusted_schema = off', 'cell_size_check = on']) this.#database.exec(`pragma ${pragma}`);
    this.#dataVersion = this.#database.prepare('pragma data_version');
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return await this.#whenFree(() => this.#run<Row>(query.sql, query.parameters));
  }

  /** All rows as one chunk: an open cursor would be a held snapshot. Long reads page by key instead. */
  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  async begin(): Promise<void> {
    await this.#whenFree(() => this.#run('begin immediate', []));
  }

  /** Ends the transaction. SQLite may have rolled back by itself (a full disk does that). */
  async end(how: 'commit' | 'rollback'): Promise<void> {
    if (how === 'rollback' && !this.#database.isTransaction) return;
    await this.#whenFree(() => this.#run(how, []));
  }

  /**
   * Brings the whole logs into the files and empties them; false when a reader stood in the way. With
   * `secure_delete` nothing that was deleted before is left in any.
   */
  async truncateLog(): Promise<boolean> {
    const { rows } = await this.#whenFree(() => this.#run<{ busy: number }>('pragma wal_checkpoint(truncate)', []));
    return rows[0]?.busy === 0;
  }

  /** Changes when another connection has committed; never by what this one does. About 1 µs. */
  dataVersion(): number {
    try {
      return this.#dataVersion?.get()?.['data_version'] as number;
    } catch (error) {
      throw translateFailure(error);
    }
  }

  get counts(): StatementCounts {
    return { executed: this.#executed, prepared: this.#prepared };
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #run<Row>(sql: string, parameters: readonly unknown[]): QueryResult<Row> {
    const { statement, givesRows } = this.#statements.get(sql) ?? this.#prepare(sql);
    this.#executed++;
    const values = parameters as readonly SQLInputValue[];
    if (givesRows) return { rows: statement.all(...values) as Row[] };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): PreparedStatement {
    const statement = this.#database.prepare(sql);
    const prepared = { statement, givesRows: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    this.#prepared++;
    return prepared;
  }

  /**
   * Runs `attempt`, again while another process holds the lock: a refusal for the lock has done
   * nothing, and inside a transaction it cannot come, since `begin immediate` holds the lock.
   */
  async #whenFree<Value>(attempt: () => Value): Promise<Value> {
    let waited = 0;
    for (let pause = 5; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || waited >= LOCK_WAIT_MS) throw translateFailure(error);
      }
      await sleep(pause);
      waited += pause + BLOCKING_WAIT_MS;
    }
  }
}

/**
 * The name by which a file is opened without a trace. Where the log is empty, all there is stands in the file; SQLite
 * would make a log, or correct the mode of that one, also for a reader.
 */
const untouched = (file: string): string =>
  (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
    ? file
    : `${pathToFileURL(file).href}?immutable=1`;
