import type { AuditTrail, RevocationLedger } from '#contract';
import type { Clock, Logger } from '#kernel';
import type { Database } from '#db';
import type { Vault } from '#vault';
import { AgentDirectory } from './agents/agent-directory.ts';
import { CertificateVerifier } from './agents/certificate-verifier.ts';
import { ChangeFrame } from './change-frame.ts';
import { IdentityChanges } from './changes.ts';
import { GroupDirectory } from './groups/group-directory.ts';
import { KeyAuthority } from './keys/key-authority.ts';
import { KeyVerifier } from './keys/key-verifier.ts';
import { UsageRecorder } from './keys/usage-recorder.ts';
import { NamespaceDirectory } from './namespaces/namespace-directory.ts';
import { permissionCheck, type CheckPermission } from './permissions/index.ts';
import { accessHolders, type IdentityHolder } from './roles/access-holders.ts';
import { AgentStandings } from './roles/agent-standings.ts';
import type { DeclaredBindings } from './roles/declared-bindings.ts';
import { allHoldings, holdingsOf, type Holding } from './roles/holdings.ts';
import type { Holder } from './roles/role-binding.ts';
import { holdersWithin, type HoldersWithin } from './roles/holders-within.ts';
import { RoleDirectory } from './roles/role-directory.ts';
import { Standings } from './roles/standings.ts';
import { UserDirectory } from './users/user-directory.ts';

export interface Identity {
  readonly keys: KeyAuthority;
  readonly agents: AgentDirectory;
  readonly certificates: CertificateVerifier;
  readonly groups: GroupDirectory;
  readonly roles: RoleDirectory;
  readonly namespaces: NamespaceDirectory;
  /** What users may be and do, for requests. */
  readonly standings: Standings;
  /** The same of agents. */
  readonly agentStandings: AgentStandings;
  /** The frame around changes, for services above that keep something of identities. */
  readonly frame: ChangeFrame;
  /** The check of permissions that `frame` asks, for doors that ask earlier. */
  readonly check: CheckPermission;
  /** The directory of users, whose profiles that vault seals. Once a process. */
  userDirectory(vault: Pick<Vault, 'envelope' | 'eraseSubject'>): UserDirectory;
  /** Everybody and what they hold, for who reviews it. */
  accessHolders(): AsyncIterable<IdentityHolder>;
  /** The same, thing by thing: what each would be taken away by. */
  holdings(): AsyncIterable<Holding>;
  /** What one of them holds now. */
  holdingsOf(holder: Holder): Promise<readonly Holding[]>;
  /** Who has to do with some namespaces. */
  readonly holdersWithin: HoldersWithin;
  /** To be called when declared bindings have been replaced. */
  declarationsChanged(): void;
  /** Calls back at once when this process has changed anything about people, agents or keys. */
  onChange(listener: () => void): void;
  /** Writes what it still holds in memory. The database stays open; it is the opener's. */
  close(): Promise<void>;
}

export interface IdentityParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly trail: AuditTrail;
  /** Hears of every end before it holds, so that no restore undoes it. */
  readonly ledger: RevocationLedger;
  /** The `kind: roleBinding` documents as they are now; none by default. */
  readonly declared?: DeclaredBindings;
  /** Another check of permissions than that of `PERMISSIONS` with the usual lifetimes. */
  readonly check?: CheckPermission;
}

/** The identity services over one open database. */
export function openIdentity(parts: IdentityParts): Identity {
  const { database, clock, trail, ledger, declared = () => [], check = permissionCheck() } = parts;
  const changes = new IdentityChanges();
  const usage = new UsageRecorder(parts);
  const frame = new ChangeFrame({ database, clock, trail, ledger, changes, check });
  const verifier = new KeyVerifier({ database, clock, declared, used: (keyId, now) => usage.note(keyId, now) });
  const certificates = new CertificateVerifier({ database, clock, declared });
  const standings = new Standings({ database, clock, declared });
  const agentStandings = new AgentStandings({ database, clock, declared });
  const copies = [verifier, certificates, standings, agentStandings];
  for (const copy of copies) changes.onChange(() => copy.forget());
  return {
    keys: new KeyAuthority({ frame, declared, verifier }),
    agents: new AgentDirectory({ frame, declared }),
    certificates,
    groups: new GroupDirectory({ frame, declared }),
    roles: new RoleDirectory({ frame, declared }),
    namespaces: new NamespaceDirectory(frame),
    standings,
    agentStandings,
    frame,
    check,
    userDirectory: (vault) => new UserDirectory({ frame, vault, declared }),
    accessHolders: () => accessHolders(database.db, declared),
    holdings: () => allHoldings(database.db, declared, clock.now()),
    holdingsOf: (holder) => holdingsOf(database.db, declared, holder, clock.now()),
    holdersWithin: holdersWithin(database.db, declared),
    declarationsChanged: () => changes.tell(),
    onChange: (listener) => changes.onChange(listener),
    close: () => usage.close(),
  };
}
