/** What a controller of one kind is, and what it is given. */
import type { CustomResourceKind } from '#contract/kubernetes';
import type { Logger } from '#kernel';
import type { Applier, ApiConnection } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { OperatorFacts } from '../plan/index.ts';
import type { Known } from '../references/index.ts';
import type { Finding } from './conditions.ts';
import type { Keys } from './keys.ts';
import type { Concerned } from './related.ts';
import type { World } from './world.ts';

export interface ControllerParts {
  readonly world: World;
  readonly keys: Keys;
  readonly applier: Applier;
  readonly connection: ApiConnection;
  readonly operator: OperatorFacts;
  /** Images have to be named by digest (SUP-002). */
  readonly requireDigests: boolean;
  readonly log: Logger;
  /** Has somebody looked at again. */
  readonly wake: (concerned: readonly Concerned[]) => void;
}

/** An object as it is in the cluster, and as it was understood. */
export interface Subject<Kind extends CustomResourceKind = CustomResourceKind> {
  readonly live: KubernetesObject;
  readonly known: Known<Kind>;
}

export interface Reconciled {
  readonly findings: readonly Finding[];
  /** Fields of the status beside conditions, phase and generation. */
  readonly status: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970: look again then, even if nothing happens. */
  readonly due?: number | undefined;
  /** For the phase of what runs in pods. */
  readonly pods?: { readonly isStopped: boolean; readonly isDegraded: boolean } | undefined;
}

export interface Controller<Kind extends CustomResourceKind = CustomResourceKind> {
  readonly kind: Kind;
  /** It stays while somebody uses it. */
  readonly isHeld: boolean;
  /** Makes what the object stands for. `signal` ends it where it is. */
  reconcile(subject: Subject<Kind>, parts: ControllerParts, signal: AbortSignal): Promise<Reconciled>;
}
