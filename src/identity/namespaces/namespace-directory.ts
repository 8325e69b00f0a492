import { EVERYWHERE } from '#contract';
import type { Author } from '../author.ts';
import type { ChangeFrame } from '../change-frame.ts';
import { checkNamespace } from '../names.ts';
import { listShutNamespaces, openNamespace, shutNamespace } from '../store/namespaces-store.ts';

export interface ShutNamespace {
  readonly namespace: string;
  readonly disabledAt: number;
}

/**
 * Namespaces that were disabled: every agent of one is refused at once, everywhere, until it is enabled. A
 * namespace comes into being by being named, so there is nothing else to keep of it.
 */
export class NamespaceDirectory {
  readonly #frame: ChangeFrame;

  constructor(frame: ChangeFrame) {
    this.#frame = frame;
  }

  /** Those that are disabled, by name. */
  listDisabled(): Promise<readonly ShutNamespace[]> {
    return listShutNamespaces(this.#frame.database.db);
  }

  /** Refuses every agent of the namespace from now on; twice keeps the first moment. Throws `NAME_REFUSED`. */
  disable(by: Author, namespace: string): Promise<void> {
    return this.#change(by, 'disable', namespace);
  }

  /** Lets its agents in again. Throws `NAME_REFUSED`. */
  enable(by: Author, namespace: string): Promise<void> {
    return this.#change(by, 'enable', namespace);
  }

  async #change(by: Author, verb: 'disable' | 'enable', namespace: string): Promise<void> {
    checkNamespace(namespace);
    const object = { kind: 'namespace', namespace, name: namespace };
    const change = { type: `namespace.${verb}`, action: verb, object };
    await this.#frame.inTransaction(by, change, async (trx) => {
      this.#frame.check(by, `namespace.${verb}`, { namespace: EVERYWHERE });
      if (verb === 'disable') {
        await shutNamespace(trx, namespace, this.#frame.clock.now());
        return { value: undefined, ends: [{ what: 'namespace.disabled', id: namespace }] };
      }
      await openNamespace(trx, namespace);
      return { value: undefined, resumes: [{ what: 'namespace.enabled', id: namespace }] };
    });
  }
}
