/** What a scenario gets and gives. */
import type { Generator } from '../load/generator.ts';
import type { Effort } from '../measure/compare.ts';
import type { Gate, Goal } from '../report/gate.ts';
import type { Starter } from '../subjects/subject.ts';

export interface Bench {
  readonly generator: Generator;
  readonly effort: Effort;
  /** Numbers of connections where a scenario goes through several. */
  readonly connections: readonly number[];
  /** How often a start is measured. */
  readonly starts: number;
  /** How many records the audit log is filled with. */
  readonly auditRecords: number;
  /** How often the signing key changes under load, and how far apart. */
  readonly rotation: { readonly rotations: number; readonly everyMs: number };
  /** How many streams are held open. */
  readonly streams: number;
  /** A folder for files of the run. */
  readonly folder: string;
  /** The SQLite file with the hotels. */
  readonly hotels: string;
  readonly chatelaine: Starter;
  /** Undefined where MCP Toolbox is not installed. */
  readonly toolbox: Starter | undefined;
}

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Findings {
  readonly tables: readonly Table[];
  readonly gates: readonly (Gate | Goal)[];
}

export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<Findings>;
}
