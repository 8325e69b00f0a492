import type { Database } from '#db';
import type { RoleGrant, ServerSettings } from '#contract';
import type { Agent, ApiKey } from '#identity';
import type { ExaminedPolicy } from '#policy';
import type { Declared, Known } from './known-names.ts';

/** `error`: somebody could get in, or something is lost already. `warning`: one mishap away from that. */
export type Severity = 'error' | 'warning';

export interface Weakness {
  readonly severity: Severity;
  /** What was found, with its values; one sentence. */
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** A weakness and who found it. */
export interface Finding extends Weakness {
  readonly check: string;
}

/** A disk as the system describes it. */
export interface Disk {
  /** Which volume the nearest existing folder of the path lies on. */
  volumeOf(path: string): number;
  /** Bytes of that volume. */
  space(path: string): { readonly free: number; readonly total: number };
}

/** A person, as far as it matters for what is weak. */
export interface PersonSeen {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly RoleGrant[];
  /** As policies call them. */
  readonly groups: readonly string[];
  readonly hasSecondFactor: boolean;
}

/** A limit, as far as it names something. */
export interface LimitSeen {
  readonly id: string;
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly tools?: readonly string[] | undefined;
  readonly toolsets?: readonly string[] | undefined;
  readonly agents?: readonly string[] | undefined;
}

/** What is looked at. Nothing of it is changed. */
export interface Patient {
  readonly settings: ServerSettings;
  readonly dataDirectory: string;
  readonly ledgerFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  readonly disk: Disk;
  /** Undefined where it cannot be opened as it is. */
  readonly database: Database | undefined;
  /** Why not, and what is pending. */
  readonly databaseTrouble: Weakness | undefined;
  readonly keys: readonly ApiKey[];
  /** Keys that are traps; they are none of the others. */
  readonly decoys: readonly ApiKey[];
  readonly agents: readonly Agent[];
  /** Ids of agents that were given `admin`, themselves or by a group. */
  readonly givenAdmin: ReadonlySet<string>;
  /** How many limits there are on what callers do; undefined where nobody could count them. */
  readonly limits: number | undefined;
  readonly limitDocuments: readonly LimitSeen[];
  /** The documents beside `kind: server`; undefined where no configuration was named. */
  readonly declared: Declared | undefined;
  /** Undefined, like the next, where no database was opened. */
  readonly policies: readonly ExaminedPolicy[] | undefined;
  readonly known: Known | undefined;
  /** People who may sign in. */
  readonly people: readonly PersonSeen[];
}

/** One question to an installation; a file each, in `checks/`. */
export interface Check {
  readonly id: string;
  /** What it looks at, as the table of docs/doctor.md has it. */
  readonly looksAt: string;
  run(patient: Patient): readonly Weakness[] | Promise<readonly Weakness[]>;
}

export const DAY_MS = 86_400_000;
