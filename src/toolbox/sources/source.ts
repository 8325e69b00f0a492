/**
 * The port between Chatelaine and something callable: a database, an HTTP API, a module of handlers.
 * One folder per source type holds its configuration schema, its adapter and its tool types;
 * `catalog.ts` lists them; `test/source.contract.ts` is the suite that each must pass.
 */
import type { z } from 'zod';
import type { Clock, JsonValue, Logger } from '#kernel';
import type { PinMode, SourceCredential, WorkloadIdentities } from '#contract';
import type { SourceSecrets } from '../secrets/index.ts';
import type { ToolType } from '../tools/tool-type.ts';

/** A kind of source, as the catalogue lists it. Loading a type loads no driver. */
export interface SourceType<Config = unknown> {
  /** The `type:` of `kind: source`. */
  readonly type: string;
  /** One sentence for the generated reference. */
  readonly summary: string;
  /** The fields beside `kind`, `name`, `type`, `namespace`. Strict: an unknown field is an error. */
  readonly schema: z.ZodType<Config>;
  /** The tool types that run on it, by their `type:`. */
  readonly toolTypes: readonly ToolType[];
  /**
   * Makes the source without touching the network or the disk: the first use connects, so that an
   * unreachable source neither stops the start nor any other tool.
   */
  open(config: Config, context: SourceContext): Source;
}

export interface SourceContext {
  readonly name: string;
  /** The folder of the file that declared the source: relative paths start here. */
  readonly directory: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** The way to secrets of the vault; asked when the source connects or sends, never before. */
  readonly secrets: SourceSecrets;
  /** Who we are by SPIFFE Workload APIs, asked likewise. */
  readonly workloads?: WorkloadIdentities | undefined;
}

export interface Source {
  readonly type: string;
  /**
   * What must happen before tools can be built on the source: a module is imported to learn its
   * schemas. The snapshot builder awaits it after `open`; it throws `ConfigurationFault`.
   */
  load?(): Promise<void>;
  /** Where it reaches out to: origins of URLs, `scheme://host:port`. Absent for what stays on this machine. */
  readonly egress?: readonly string[];
  /** The identity provider whose tokens of callers its requests carry; absent where they carry nobody's. */
  readonly upstream?: string | undefined;
  /** How it proves itself there; absent for what asks for nothing. */
  readonly credential?: SourceCredential;
  /** What becomes of definitions that the source makes of its own accord; absent for what makes none. */
  readonly pins?: PinMode;
  /** Files whose change asks for a reload, complete after `load`. */
  readonly files?: readonly string[];
  /**
   * Connects and asks something trivial; throws `SOURCE_UNREACHABLE` saying what was tried, or
   * `SECRET_UNAVAILABLE`.
   */
  check(signal: AbortSignal): Promise<void>;
  /** Lets running work end, then frees everything. Idempotent. */
  close(): Promise<void>;
}

/** A source that answers SQL. */
export interface SqlSource extends Source {
  readonly dialect: SqlDialect;
  /** `readOnly: true` in its configuration; the database enforces it, not a look at the text. */
  readonly readOnly: boolean;
  /** Its statements may read and write what is not in the database: files, URLs. Absent where they may not. */
  readonly reachesOut?: boolean;
  /**
   * Whether the database itself has found that statement unable to write, whatever its values are.
   * Absent, and false, where it has not said so.
   */
  provedToRead?(query: SqlText): boolean;
  /**
   * Runs one statement with bound values.
   * Rejects with `SQL_FAILED` (the database's own words), `SOURCE_UNREACHABLE`, `TOOL_TIMEOUT` or the
   * signal's reason; on timeout and abort the statement is cancelled in the database as well. A source
   * that has the rows at once may give them without a promise.
   */
  query(query: SqlQuery, limits: QueryLimits): RowSet | Promise<RowSet>;
}

/** A statement without its values. */
export interface SqlText {
  /** Text in the database's own placeholder style; values never stand in it. */
  readonly text: string;
  /**
   * The text is the tool author's word for word, the same on every call: it may be prepared once and
   * its connection stays warm. Absent for texts that a caller wrote or shaped: those leave no trace
   * in the session, at the price of a reset.
   */
  readonly fixed?: boolean;
}

export interface SqlQuery extends SqlText {
  /** Bound in order of the placeholders. Arrays where the dialect has them. */
  readonly values: readonly SqlValue[];
}

export type SqlValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | Uint8Array
  | readonly SqlValue[]
  | { readonly [key: string]: JsonValue };

/** Copied by names: the signal may be made when it is read, and a spread misses it. */
export interface QueryLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxRows: number;
  /** Of the rows as JSON text. */
  readonly maxBytes: number;
  /** Run so that the database refuses any write, whatever the source's own setting. */
  readonly readOnly: boolean;
}

/** One row: column names to JSON values. A name that comes twice gets a suffix: `id`, `id_2`. */
export type Row = Readonly<Record<string, JsonValue>>;

export interface RowSet {
  readonly rows: readonly Row[];
  /** Set when `maxRows` or `maxBytes` cut the answer; the caller is told. */
  readonly truncated?: Truncation;
  /** Rows changed, where the statement returned none. */
  readonly affected?: number;
}

export interface Truncation {
  readonly by: 'maxRows' | 'maxBytes';
  readonly limit: number;
}

export interface SqlDialect {
  readonly name: 'postgres' | 'mysql' | 'sqlite' | 'duckdb';
  /**
   * An identifier, quoted so that it can be nothing else. `bare` is how the statement's author wrote
   * it, without quotes: a dialect that folds bare names folds this one first (PostgreSQL: lower case).
   */
  quoteIdentifier(identifier: string, options: { readonly bare: boolean }): string;
  /** The quotes around an identifier, to recognise `"{{.table}}"` in a template. */
  readonly identifierQuotes: readonly [open: string, close: string][];
}
