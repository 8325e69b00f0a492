import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger, systemClock, type Clock } from '#kernel';
import { sqliteSchema, type SqliteConfig } from '../config.ts';
import { SqliteSource } from '../source.ts';

/** A folder of its own for a test file, with sources opened on the databases in it. */
export class Scratch {
  readonly directory = mkdtempSync(join(tmpdir(), 'chatelaine-sqlite-'));
  readonly #sources: SqliteSource[] = [];

  open(
    config: { database: string } & Partial<Record<keyof SqliteConfig, unknown>>,
    clock: Clock = systemClock,
  ): SqliteSource {
    const context = { name: 'scratch', directory: this.directory, log: silentLogger, clock };
    const source = new SqliteSource(sqliteSchema.parse(config), context);
    this.#sources.push(source);
    return source;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Does something to a database behind the sources' backs, as another process would. */
  behind(name: string, sql: string): void {
    const database = new DatabaseSync(this.path(name));
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.#sources.map(async (source) => source.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs until it is stopped, and returns nothing. */
export const ENDLESS =
  'WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter) SELECT n FROM counter WHERE n < 0';
