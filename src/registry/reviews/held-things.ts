import { EVERYWHERE } from '#contract';
import type { Database } from '#db';
import type { Holding, Identity } from '#identity';
import type { Clock } from '#kernel';
import type { PolicyDirectory } from '#policy';
import { findCredential, listCredentials } from '../store/credentials-store.ts';
import { credentialState, toolId, type Credential } from '../credentials/credential.ts';
import type { Held, Line } from './campaign.ts';

export interface HeldThingsParts {
  readonly database: Pick<Database, 'db'>;
  readonly identity: Pick<Identity, 'holdings' | 'holdingsOf'>;
  readonly policies: Pick<PolicyDirectory, 'naming'>;
  /** The name of an agent, nothing for a person; undefined for whoever is not there. */
  readonly nameOf: (holder: Omit<Held['holder'], 'name'>) => Promise<string | undefined>;
  readonly clock: Clock;
}

const PAGE = 100;

/** Who holds what, thing by thing: roles, memberships and keys, credentials for tools, and policies that name them. */
export class HeldThings {
  readonly #parts: HeldThingsParts;

  constructor(parts: HeldThingsParts) {
    this.#parts = parts;
  }

  /** What is held in a namespace, or all. What comes or goes meanwhile may be missed. */
  async *in(namespace: string): AsyncGenerator<Held, void, undefined> {
    const isMeant = (held: Pick<Holding, 'namespace' | 'reaches'>): boolean =>
      namespace === EVERYWHERE || held.namespace === namespace || held.reaches?.includes(namespace) === true;
    for await (const holding of this.#parts.identity.holdings()) if (isMeant(holding)) yield ofIdentity(holding);
    yield* this.#credentials(namespace === EVERYWHERE ? undefined : namespace);
    for (const held of await this.#named()) if (isMeant(held)) yield held;
  }

  /** The numbers of those lines whose holders hold them still. */
  async among(lines: readonly Line[]): Promise<ReadonlySet<number>> {
    const held = new Set<number>();
    const known = new Map<string, Promise<ReadonlySet<string>>>();
    const once = (key: string, read: () => Promise<ReadonlySet<string>>): Promise<ReadonlySet<string>> => {
      const found = known.get(key) ?? read();
      known.set(key, found);
      return found;
    };
    for (const line of lines) {
      const { kind, holder } = line;
      if (kind === 'credential') {
        const found = await findCredential(this.#parts.database.db, line.target);
        if (found !== undefined && this.#counts(found)) held.add(line.line);
        continue;
      }
      const things =
        kind === 'policy'
          ? once('policies', async () => keysOf(await this.#named()))
          : once(`${holder.kind} ${holder.id}`, async () =>
              keysOf((await this.#parts.identity.holdingsOf(holder)).map(ofIdentity)),
            );
      if ((await things).has(keyOf(line))) held.add(line.line);
    }
    return held;
  }

  async *#credentials(namespace: string | undefined): AsyncGenerator<Held, void, undefined> {
    const { database, clock } = this.#parts;
    for (let after: string | undefined, more = true; more;) {
      const filter = { namespace, state: 'active' } as const;
      const page = await listCredentials(database.db, filter, { after, limit: PAGE }, clock.now());
      for (const one of page) {
        const what = `credential for ${toolId(one)}: ${one.scopes.join(', ')}`;
        yield { holder: one.holder, kind: 'credential', namespace: one.namespace, target: one.id, what };
      }
      after = page.at(-1)?.id;
      more = page.length === PAGE;
    }
  }

  #counts(credential: Credential): boolean {
    return credentialState(credential, this.#parts.clock.now()) === 'active';
  }

  async #named(): Promise<readonly Held[]> {
    const held: Held[] = [];
    for (const { namespace, name: target, origin, enabled, shadow, names } of await this.#parts.policies.naming()) {
      if (!enabled || shadow) continue;
      for (const { type, id, alone } of names) {
        const holder = { kind: type === 'User' ? 'user' : 'agent', id } as const;
        const name = await this.#parts.nameOf(holder);
        // Nobody of ours: whoever vouches for them reviews what they hold.
        if (name === undefined) continue;
        const elsewhere =
          origin === 'declared' ? 'configuration' : alone ? undefined : 'the policy names others as well';
        const what = `named by the policy ${namespace}/${target}`;
        held.push({ holder: { ...holder, name }, kind: 'policy', namespace, target, what, elsewhere });
      }
    }
    return held;
  }
}

const ofIdentity = ({ holder: { kind, id, name }, ...held }: Holding): Held => ({
  ...{ holder: { kind, id, name }, kind: held.kind, namespace: held.namespace },
  ...{ target: held.target, what: held.what, elsewhere: held.elsewhere },
});

const keyOf = ({ holder, kind, namespace, target }: Held): string =>
  JSON.stringify([holder.kind, holder.id, kind, namespace, target]);
const keysOf = (held: readonly Held[]): ReadonlySet<string> => new Set(held.map(keyOf));
