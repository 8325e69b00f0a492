/** Carries out what `certificates/` decides: reads Secrets by name, writes on what was read, and asks again. */
import { reveal, type Clock } from '#kernel';
import type { CertificateAuthority } from '#tls';
import {
  decideAuthority,
  decideLeaf,
  keptSecret,
  writeSecret,
  type AuthorityDecision,
  type AuthorityView,
  type AuthorityWish,
  type KeptSecret,
  type LeafDecision,
  type LeafWish,
  type SecretWriter,
  type SigningAuthority,
} from '../certificates/index.ts';
import { FIELD_MANAGER, hasCode, MANAGED_BY, SECRETS, type ApiConnection, type ObjectName } from '../cluster/index.ts';
import type { KubernetesObject, OwnerReference } from '../kubernetes-object.ts';
import { SECRETS_ROLE } from '../rights/index.ts';
import { controllerError } from './errors.ts';

export interface KeysOptions {
  readonly connection: Pick<ApiConnection, 'find' | 'create' | 'replace'>;
  readonly ca: CertificateAuthority;
  /** In milliseconds since 1970: certificates are valid by the time of the world. */
  readonly wallClock: Clock;
  /** The service account, as `namespace:name`, for the command that lets it in. */
  readonly account: string;
}

/** Steps of one authority in a row; there are five between two that wait. */
const MOST_STEPS = 12;

export class Keys {
  readonly #options: KeysOptions;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  get ca(): CertificateAuthority {
    return this.#options.ca;
  }

  now(): number {
    return this.#options.wallClock.now();
  }

  /** Asked of the API server each time: Secrets are in no cache. Throws `SECRETS_FORBIDDEN`. */
  async read({ namespace = '', name }: ObjectName, signal?: AbortSignal): Promise<KeptSecret | undefined> {
    const object = await this.#allowed(namespace, () =>
      this.#options.connection.find(SECRETS, { namespace, name }, { signal }),
    );
    return object && keptSecret(object);
  }

  /** Whatever there is to be done about an authority now. `viewOf` is asked again after every step. */
  async authority(
    wish: AuthorityWish,
    viewOf: (kept: KeptSecret | undefined) => Promise<Omit<AuthorityView, 'kept'>>,
    owner: OwnerReference,
    signal?: AbortSignal,
  ): Promise<AuthorityDecision & { readonly steps: number }> {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const kept = await this.read(wish, signal);
      const decision = decideAuthority(this.ca, wish, { kept, ...(await viewOf(kept)) }, this.now());
      if (decision.isForeign === true) throw taken(wish);
      if (decision.step === undefined) return { ...decision, steps };
      // Stale or not: what is there now is read again, and decided about anew (OPR-007).
      await this.#write(decision.step.write, owner);
    }
    throw controllerError('KEYS_UNDECIDED', `the Secret \`${wish.namespace}/${wish.name}\` does not come to rest`);
  }

  /** A certificate that is as it should be, or why there is none yet. */
  async leaf(
    wish: LeafWish,
    signer: SigningAuthority | undefined,
    owner: OwnerReference,
    signal?: AbortSignal,
  ): Promise<LeafDecision & { readonly isNew: boolean }> {
    const kept = await this.read(wish, signal);
    const decision = decideLeaf(this.ca, wish, kept, signer, this.now());
    if (decision.isForeign === true) throw taken(wish);
    if (decision.write === undefined) return { ...decision, isNew: false };
    if ((await this.#write(decision.write, owner)) === 'stale')
      throw controllerError('KEYS_UNDECIDED', `the Secret \`${wish.namespace}/${wish.name}\` changed meanwhile`);
    return { ...decision, isNew: true };
  }

  /** A Secret that is made once and never again; one that is there stays as it is. */
  async once(object: KubernetesObject, signal?: AbortSignal): Promise<void> {
    const { namespace = '', name, ownerReferences = [] } = object.metadata;
    const kept = await this.read({ namespace, name }, signal);
    if (kept === undefined) await this.#writer(namespace, signal).create(object);
    else if (kept.controllerUid !== ownerReferences[0]?.uid) throw taken({ namespace, name });
  }

  /** Whether a Secret is there, which somebody else makes. */
  async has(name: ObjectName, signal?: AbortSignal): Promise<boolean> {
    return (await this.read(name, signal)) !== undefined;
  }

  #write(write: Parameters<typeof writeSecret>[1], owner: OwnerReference): Promise<'written' | 'stale'> {
    return writeSecret(this.#writer(write.namespace), write, { labels: MANAGED_BY, ownerReferences: [owner] });
  }

  #writer(namespace: string, signal?: AbortSignal): SecretWriter {
    const { connection } = this.#options;
    const call = { fieldManager: FIELD_MANAGER, signal };
    const settled = async (write: () => Promise<unknown>): Promise<'written' | 'stale'> => {
      try {
        await this.#allowed(namespace, write);
        return 'written';
      } catch (error) {
        if (hasCode(error, 'CLUSTER_ALREADY_EXISTS', 'CLUSTER_CONFLICT', 'CLUSTER_NOT_FOUND')) return 'stale';
        throw error;
      }
    };
    return {
      create: (object) => settled(() => connection.create(SECRETS, object, call)),
      replace: (object) => settled(() => connection.replace(SECRETS, object, call)),
    };
  }

  async #allowed<Value>(namespace: string, ask: () => Promise<Value>): Promise<Value> {
    try {
      return await ask();
    } catch (error) {
      if (!hasCode(error, 'CLUSTER_FORBIDDEN')) throw error;
      const command = `kubectl create rolebinding ${SECRETS_ROLE} --namespace ${namespace} --clusterrole ${SECRETS_ROLE} --serviceaccount ${this.#options.account}`;
      throw controllerError(
        'SECRETS_FORBIDDEN',
        `the operator may not keep certificates in Secrets of \`${namespace}\`; whoever runs the namespace lets it by \`${command}\``,
        { cause: error, details: { namespace } },
      );
    }
  }
}

const taken = ({ namespace, name }: ObjectName): Error =>
  controllerError(
    'SECRET_TAKEN',
    `the Secret \`${namespace}/${name}\` was not made for this object, and is left alone`,
  );

/** `tls.crt` and `ca.crt` of a Secret, for whoever looks at what was signed. Neither is secret. */
export const chainOf = (kept: KeptSecret | undefined): string | undefined =>
  kept?.data['tls.crt'] && reveal(kept.data['tls.crt']);
export const rootOf = (kept: KeptSecret | undefined): string | undefined =>
  kept?.data['ca.crt'] && reveal(kept.data['ca.crt']);
