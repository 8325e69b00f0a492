import type { Clock, Logger } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database } from '#db';
import { AgentDirectory } from './agents/agent-directory.ts';
import { IdentityChanges } from './changes.ts';
import { KeyAuthority } from './keys/key-authority.ts';
import { KeyVerifier } from './keys/key-verifier.ts';
import { UsageRecorder } from './keys/usage-recorder.ts';

export interface Identity {
  readonly keys: KeyAuthority;
  readonly agents: AgentDirectory;
  /** Writes what it still holds in memory. The database stays open; it is the opener's. */
  close(): Promise<void>;
}

/** The identity services over one open database. */
export function openIdentity(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of every end before it holds, so that no restore undoes it. */
  readonly ledger: RevocationLedger;
}): Identity {
  const changes = new IdentityChanges();
  const usage = new UsageRecorder(parts);
  const verifier = new KeyVerifier({ ...parts, used: (keyId, now) => usage.note(keyId, now) });
  changes.onChange(() => verifier.forget());
  return {
    keys: new KeyAuthority({ ...parts, changes, verifier }),
    agents: new AgentDirectory({ ...parts, changes }),
    close: () => usage.close(),
  };
}
