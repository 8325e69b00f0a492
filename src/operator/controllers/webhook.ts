/** The webhook of this process: whoever leads makes its certificate, and every process shows it. */
import type { Logger } from '#kernel';
import {
  bundlesOf,
  certificateOf,
  openAdmissionServer,
  webhookWishes,
  withCaBundle,
  type AdmissionServer,
  type WebhookWishes,
} from '../admission/index.ts';
import { OWN_ROOTS_KEY, printRoots } from '../certificates/index.ts';
import {
  DEPLOYMENTS,
  FIELD_MANAGER,
  ownerOf,
  pause,
  VALIDATING_WEBHOOKS,
  type ApiConnection,
  type Timers,
} from '../cluster/index.ts';
import type { KubernetesObject, OwnerReference } from '../kubernetes-object.ts';
import type { Snapshot } from '../references/index.ts';
import { OPERATOR, WEBHOOK_SERVICE } from '../rights/index.ts';
import { chainOf, rootOf, type Keys } from './keys.ts';

export interface WebhookOptions {
  readonly connection: ApiConnection;
  readonly keys: Keys;
  /** The namespace of the operator. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly snapshot: () => Promise<Snapshot>;
  readonly timers: Timers;
  readonly log: Logger;
}

/** While there is nothing to show yet, and after that. */
const FIRST_LOOK_MS = 1000;
const LOOK_MS = 30_000;

export class Webhook {
  readonly #options: WebhookOptions;
  #server: AdmissionServer | undefined;
  #shown = '';

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  get port(): number | undefined {
    return this.#server?.port;
  }

  /** Shows what is stored, and what comes after it, until the signal ends it. Never rejects. */
  async serve(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#attempt('the certificate of the webhook cannot be shown', () => this.#show(signal), signal);
      await pause(this.#options.timers, this.#server === undefined ? FIRST_LOOK_MS : LOOK_MS, signal);
    }
    await this.#server?.close();
  }

  /** Makes and renews it, and tells API servers whom to trust: for whoever leads. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#attempt('the certificate of the webhook cannot be made', () => this.#renew(signal), signal);
      await pause(this.#options.timers, LOOK_MS, signal);
    }
  }

  async #attempt(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) this.#options.log.warn({ err: error }, what);
    }
  }

  async #wishes(signal: AbortSignal): Promise<{ readonly wishes: WebhookWishes; readonly owner: OwnerReference }> {
    const { connection, home } = this.#options;
    const deployment = await connection.get(DEPLOYMENTS, { namespace: home, name: OPERATOR }, { signal });
    const { namespace: _, ...owner } = ownerOf(deployment);
    return { wishes: webhookWishes({ namespace: home, service: WEBHOOK_SERVICE, ownerUid: owner.uid }), owner };
  }

  async #show(signal: AbortSignal): Promise<void> {
    const { keys, home, host, port, snapshot, log } = this.#options;
    const kept = await keys.read({ namespace: home, name: `${WEBHOOK_SERVICE}-cert` }, signal);
    const certificate = certificateOf(kept);
    if (certificate === undefined || certificate.chain === this.#shown) return;
    if (this.#server === undefined)
      this.#server = await openAdmissionServer({ host, port, certificate, snapshot, log });
    else this.#server.show(certificate);
    this.#shown = certificate.chain;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { connection, keys } = this.#options;
    const { wishes, owner } = await this.#wishes(signal);
    const authority = await keys.authority(
      wishes.authority,
      async () => {
        const [configuration, leaf] = [await this.#configuration(signal), await keys.read(wishes.leaf, signal)];
        const bundles = bundlesOf(configuration);
        return {
          bundles,
          leaves: [chainOf(leaf)],
          evidence: [...bundles.map((data) => data?.[OWN_ROOTS_KEY]), rootOf(leaf)],
        };
      },
      owner,
      signal,
    );
    // Trusted before it is shown.
    const configuration = await this.#configuration(signal);
    if (configuration !== undefined) {
      const { metadata } = configuration;
      const wanted = withCaBundle(configuration, printRoots(authority.trusted));
      if (JSON.stringify(wanted['webhooks']) !== JSON.stringify(configuration['webhooks']))
        await connection.merge(
          VALIDATING_WEBHOOKS,
          metadata,
          { metadata: { resourceVersion: metadata.resourceVersion }, webhooks: wanted['webhooks'] },
          { fieldManager: FIELD_MANAGER, signal },
        );
    }
    const leaf = await keys.leaf(wishes.leaf, authority.signer, owner, signal);
    // Until it is shown nothing is let in, where the one before has ended.
    if (leaf.isNew && this.#server !== undefined) await this.#show(signal);
  }

  #configuration(signal: AbortSignal): Promise<KubernetesObject | undefined> {
    return this.#options.connection.find(VALIDATING_WEBHOOKS, { name: OPERATOR }, { signal });
  }
}
