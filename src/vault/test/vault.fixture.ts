import { onTestFinished } from 'vitest';
import { reveal, silentLogger, type Clock } from '#kernel';
import { forgetfulLedger } from '#contract';
import { openDatabase, type Database, type DatabasePlace } from '#db';
import {
  openVault,
  parseSecretMaterial,
  sameNamespace,
  type SecretMaterial,
  type Vault,
  type VaultChange,
  type VaultOptions,
  type WrapperSettings,
} from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { codeOf, refusal } from '../../../test/refusal.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

export { codeOf, randomWrapper, refusal, temporaryDirectory };

/** A clock that stands still until it is told. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 10, 21);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export interface TestVault {
  readonly clock: HandClock;
  readonly database: Database;
  readonly vault: Vault;
  readonly wrapper: WrapperSettings;
  readonly at: TestPlace;
  /** What was recorded, oldest first. */
  readonly changes: VaultChange[];
  /** Records; throws once `refuse` was called. */
  readonly record: (trx: unknown, change: VaultChange) => Promise<void>;
  /** Another process on the same data: it shares the files and nothing in memory. */
  beside(options?: Partial<VaultOptions>): Promise<TestVault>;
}

/** A vault over a real database, as one process has it. */
export async function startVault(
  dialect: TestDialect = 'sqlite',
  options: Partial<VaultOptions> = {},
): Promise<TestVault> {
  return await openBeside(await emptyPlace(dialect), new HandClock(), { wrapper: randomWrapper(), ...options });
}

/** A vault over the database of a place, as one more process has it. */
export async function openBeside(
  at: TestPlace,
  clock: HandClock,
  options: Partial<VaultOptions> & { readonly wrapper: WrapperSettings },
): Promise<TestVault> {
  const database = await openPlace(at.place, clock);
  const vault = await openVault({
    database,
    clock,
    log: silentLogger,
    mayUse: sameNamespace,
    ledger: forgetfulLedger,
    ...options,
  });
  onTestFinished(() => vault.close());
  const changes: VaultChange[] = [];
  return {
    clock,
    database,
    vault,
    wrapper: options.wrapper,
    at,
    changes,
    record: async (_trx, change) => void changes.push(change),
    beside: (more = {}) => openBeside(at, clock, { ...options, ...more }),
  };
}

/** A real database, closed with the test. */
export async function openPlace(place: DatabasePlace, clock: Clock): Promise<Database> {
  const database = await openDatabase({ ...place, clock });
  onTestFinished(() => database.close());
  return database;
}

/** The material of a password. */
export const password = (text: string): SecretMaterial => parseSecretMaterial({ kind: 'password', password: text });

/** What the reader gives for a password of the namespace `default`, or the code of its refusal. */
export async function passwordOf(vault: Vault, name: string, version?: number): Promise<string> {
  try {
    const reference = { namespace: 'default', name, ...(version === undefined ? {} : { version }) };
    const material = await vault.reader.read(reference, { namespace: 'default', by: 'tool test' });
    return material.kind === 'password' ? reveal(material.password) : `a ${material.kind}`;
  } catch (error) {
    return codeOf(error);
  }
}

/** For a shredding in which every secret that is altered may fail, and no other. */
export const alteredStays = async (_name: unknown, error: unknown): Promise<void> => {
  if (codeOf(error) !== 'SEALED_DATA_ALTERED') throw error;
};

/** For one in which none may. */
export const noFailure = async (_name: unknown, error: unknown): Promise<void> => {
  throw error;
};
