import { onTestFinished, vi } from 'vitest';
import type { AuditEvent, AuditTrail, Revocation, RevocationLedger } from '#contract';
import { type Database } from '#db';
import { openIdentity, permissionCheck, type ChangeFrame, type Identity } from '#identity';
import { silentLogger, type Clock } from '#kernel';
import { openVault, sameNamespace, type Vault, type WrapperSettings } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace, openRunning } from '../../../test/databases.ts';
import { signingKeyColumn } from '../store/signing-keys-store.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

/** A clock that stands still until it is told. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 10, 30);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** What one process of the authorization server stands on, over a real database. */
export interface TestProcess {
  readonly clock: HandClock;
  readonly database: Database;
  readonly vault: Vault;
  readonly frame: ChangeFrame;
  readonly identity: Identity;
  /** What was recorded, oldest first, intents included. */
  readonly records: AuditEvent[];
  readonly ended: Revocation[];
  /** Another process on the same data: it shares the place and the clock, and nothing in memory. */
  beside(): Promise<TestProcess>;
  /** As long as another process may take to know, and no longer. */
  expectSoon(look: () => Promise<void>): Promise<void>;
}

export async function startProcess(dialect: TestDialect = 'sqlite'): Promise<TestProcess> {
  const wrapper = randomWrapper();
  return await processAt(await emptyPlace(dialect), dialect, new HandClock(), wrapper);
}

async function processAt(
  at: TestPlace,
  dialect: TestDialect,
  clock: HandClock,
  wrapper: WrapperSettings,
): Promise<TestProcess> {
  const database = await openRunning(at, clock);
  const records: AuditEvent[] = [];
  const trail: AuditTrail = {
    status: { available: true },
    append: async (event) => {
      records.push(event);
      return { id: `record-${records.length}` } as Awaited<ReturnType<AuditTrail['append']>>;
    },
    digest: (text) => `hs256:00000000:${text}`,
  };
  const ended: Revocation[] = [];
  const ledger: RevocationLedger = { append: async (entry) => void ended.push(entry) };
  const vault = await openVault({
    ...{ database, clock, ledger, wrapper },
    log: silentLogger,
    mayUse: sameNamespace,
    columns: [signingKeyColumn],
  });
  onTestFinished(() => vault.close());
  const identity = openIdentity({ database, clock, log: silentLogger, trail, ledger, check: permissionCheck() });
  return {
    ...{ clock, database, vault, identity, records, ended },
    frame: identity.frame,
    beside: async () => await processAt(at, dialect, clock, wrapper),
    expectSoon: async (look) => {
      const later = async (): Promise<void> => {
        clock.advance(250);
        await look();
      };
      // On SQLite at the next look; from a server the news need a moment, which is less than a second.
      await (dialect === 'sqlite' ? later() : vi.waitFor(later, { timeout: 900, interval: 20 }));
    },
  };
}

/** The records that say how something ended: `type outcome`. */
export const outcomes = ({ records }: TestProcess): readonly string[] =>
  records.filter(({ outcome }) => outcome !== 'intent').map(({ type, outcome }) => `${type} ${outcome}`);
