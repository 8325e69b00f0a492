import type { AccessSource, AuditLog } from '#audit';
import { EVERYWHERE } from '#contract';
import type { Identity, IdentityHolder } from '#identity';
import { BoundedCache, type Clock } from '#kernel';
import type { SecretFacts, Vault } from '#vault';

type Usable = Awaited<ReturnType<UsableSecrets['of']>>[number];

/** Namespaces whose secrets are remembered: many who are reviewed work in the same few. */
const REMEMBERED = 100;
const PAGE = 100;

/** Who holds what, from identity and the vault: what an access review asks. */
export const accessSource = (parts: {
  readonly identity: Pick<Identity, 'accessHolders'>;
  readonly secrets: Pick<Vault['secrets'], 'list'>;
  readonly audit: Pick<AuditLog, 'query'>;
  readonly clock: Clock;
}): AccessSource => ({
  async *holders() {
    const usable = new UsableSecrets(parts);
    for await (const holder of parts.identity.accessHolders()) {
      const secrets: Usable[] = [];
      for (const namespace of callingIn(holder)) secrets.push(...(await usable.of(namespace)));
      yield { ...holder, secrets };
    }
  },
});

/**
 * Where the holder may call tools. Nobody is given a secret: tools and sources use those of their own
 * namespace, and so does, through them, whoever may call them.
 */
function callingIn({ roles }: IdentityHolder): readonly string[] {
  const calling = roles.filter(({ role }) => role === 'user' || role === 'admin');
  const namespaces = new Set(calling.map(({ namespace = EVERYWHERE }) => namespace));
  return namespaces.has(EVERYWHERE) ? [EVERYWHERE] : [...namespaces].toSorted();
}

/** The secrets of namespaces that can be used now, and when that was done last, by the record. */
class UsableSecrets {
  readonly #secrets: Pick<Vault['secrets'], 'list'>;
  readonly #audit: Pick<AuditLog, 'query'>;
  readonly #now: number;
  readonly #known = new BoundedCache<
    string,
    readonly { readonly namespace: string; readonly name: string; readonly lastUsedAt?: number }[]
  >(REMEMBERED);

  constructor(parts: {
    readonly secrets: Pick<Vault['secrets'], 'list'>;
    readonly audit: Pick<AuditLog, 'query'>;
    readonly clock: Clock;
  }) {
    this.#secrets = parts.secrets;
    this.#audit = parts.audit;
    this.#now = parts.clock.now();
  }

  async of(namespace: string) {
    const known = this.#known.get(namespace);
    if (known !== undefined) return known;
    const usable: { namespace: string; name: string; lastUsedAt?: number }[] = [];
    let after: SecretFacts | undefined;
    do {
      const page: readonly SecretFacts[] = await this.#secrets.list({
        ...(namespace !== EVERYWHERE && { namespace }),
        after: after && { namespace: after.namespace, name: after.name },
        limit: PAGE,
      });
      for (const secret of page) {
        if (secret.state !== 'active' || hasEnded(secret, this.#now)) continue;
        const lastUsedAt = await this.#lastUse(secret);
        usable.push({
          namespace: secret.namespace,
          name: secret.name,
          ...(lastUsedAt !== undefined && { lastUsedAt }),
        });
      }
      after = page.length < PAGE ? undefined : page.at(-1);
    } while (after !== undefined);
    this.#known.set(namespace, usable);
    return usable;
  }

  /** By its id: one that was deleted and made again is another. */
  async #lastUse({ id }: SecretFacts): Promise<number | undefined> {
    const filter = { type: 'secret.used', objectId: id, outcome: 'success' } as const;
    const [last] = (await this.#audit.query(filter, { limit: 1 })).records;
    return last && Date.parse(last.time);
  }
}

function hasEnded({ versions }: SecretFacts, now: number): boolean {
  const latest = versions.at(-1);
  return latest === undefined || Math.min(latest.expiresAt ?? Infinity, latest.endsAt ?? Infinity) <= now;
}
