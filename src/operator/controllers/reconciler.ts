/** The way of every object: read, hold against the others, make, report. */
import type { Condition, CustomResourceKind } from '#contract/kubernetes';
import { ChatelaineError, isRecord } from '#kernel';
import {
  addFinalizer,
  hasCode,
  nameOfKey,
  removeFinalizer,
  writeStatus,
  type Again,
  type EventRecorder,
  type ObjectName,
} from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { faultsOf, usersOf, type Known, type KnownObject } from '../references/index.ts';
import { conditionsOf, isNot } from './conditions.ts';
import type { Controller, ControllerParts, Reconciled, Subject } from './controller.ts';
import { printFaults } from './deploy.ts';
import { OUR_RESOURCES } from './kinds.ts';
import { knownObject } from './known.ts';
import { momentOf } from './moments.ts';
import { notice } from './notices.ts';
import { phaseOf } from './phase.ts';

/** Keeps what others refer to until nobody does. */
export const FINALIZER = 'chatelaine.dev/in-use';
/** Timers of queues end within days; what is due later is looked at again meanwhile. */
const LONGEST_WAIT_MS = 12 * 3_600_000;

/** What stands in the way of an object and not of the API server, as a condition. */
const IN_THE_WAY: Readonly<Record<string, { readonly type: 'Valid' | 'CertificatesReady'; readonly reason: string }>> =
  {
    SECRETS_FORBIDDEN: { type: 'CertificatesReady', reason: 'SecretsForbidden' },
    SECRET_TAKEN: { type: 'CertificatesReady', reason: 'SecretTaken' },
    API_MISSING: { type: 'Valid', reason: 'ApiMissing' },
    CLUSTER_OBJECT_TAKEN: { type: 'Valid', reason: 'NameTaken' },
    CLUSTER_INVALID: { type: 'Valid', reason: 'Refused' },
    CLUSTER_FORBIDDEN: { type: 'Valid', reason: 'Forbidden' },
  };

export class Reconciler<Kind extends CustomResourceKind> {
  readonly #controller: Controller<Kind>;
  readonly #parts: ControllerParts;
  readonly #events: Pick<EventRecorder, 'record'>;

  constructor(controller: Controller<Kind>, parts: ControllerParts, events: Pick<EventRecorder, 'record'>) {
    this.#controller = controller;
    this.#parts = parts;
    this.#events = events;
  }

  /** Throws to be tried again later. */
  async reconcile(key: string, signal: AbortSignal): Promise<Again | undefined> {
    const { kind, isHeld } = this.#controller;
    const { world, connection } = this.#parts;
    const name = nameOfKey(key);
    const seen = world.ours(kind, name);
    if (seen === undefined) return undefined;
    if (seen.metadata.deletionTimestamp !== undefined) return this.#leave(seen, name, signal);
    const live = isHeld ? await addFinalizer(connection, OUR_RESOURCES[kind], seen, FINALIZER, signal) : seen;
    const known = knownObject(kind, live);
    const found = known.ok
      ? await this.#make({ live, known: known.value as unknown as Known<Kind> }, signal)
      : { findings: [isNot('Valid', 'SpecInvalid', printFaults(known.error))], status: {} };
    await this.#report(live, found, signal);
    return again(found.due, this.#parts.keys.now());
  }

  async #make(subject: Subject<Kind>, signal: AbortSignal): Promise<Reconciled> {
    const { world, log } = this.#parts;
    const faults = faultsOf(subject.known as unknown as KnownObject, world.snapshot());
    const [first] = faults;
    // What is there stays as it was: an object that was good once is not taken away for what others do.
    if (first !== undefined) return { findings: [isNot('Valid', first.reason, printFaults(faults))], status: {} };
    try {
      return await this.#controller.reconcile(subject, this.#parts, signal);
    } catch (error) {
      const way = error instanceof ChatelaineError ? IN_THE_WAY[error.code] : undefined;
      if (way === undefined) throw error;
      const { message, code } = error as ChatelaineError;
      log.warn(
        { kind: subject.known.kind, name: subject.known.name, namespace: subject.known.namespace, code },
        message,
      );
      // Nothing tells us of what has to happen: Secrets and Roles are not watched. One that is taken may be of an object
      // of the same name that is just gone, and goes after it.
      const afterMs = code === 'SECRET_TAKEN' ? 5000 : 60_000;
      return { findings: [isNot(way.type, way.reason, message)], status: {}, due: this.#parts.keys.now() + afterMs };
    }
  }

  /** It goes once nobody uses it. Its children go after it, by their owner references. */
  async #leave(
    live: KubernetesObject,
    { namespace = '', name }: ObjectName,
    signal: AbortSignal,
  ): Promise<Again | undefined> {
    const { kind, isHeld } = this.#controller;
    const { world, connection } = this.#parts;
    if (!isHeld || !(live.metadata.finalizers ?? []).includes(FINALIZER)) return undefined;
    const [user, ...others] = usersOf({ kind, namespace, name }, world.snapshot());
    if (user === undefined) {
      await removeFinalizer(connection, OUR_RESOURCES[kind], live, FINALIZER, signal);
      return undefined;
    }
    const message = `used by ${[user, ...others].slice(0, 20).join(', ')}; it goes when nothing uses it`;
    if (!conditionsIn(live).some((one) => one.message === message))
      this.#events.record(live, notice('StillUsed', { user }));
    await this.#report(live, { findings: [isNot('Valid', 'StillUsed', message)], status: {} }, signal, 'Terminating');
    return undefined;
  }

  async #report(
    live: KubernetesObject,
    found: Reconciled,
    signal: AbortSignal,
    phase = phaseOf(found.findings, found.pods),
  ): Promise<void> {
    const { kind } = this.#controller;
    const { connection, keys } = this.#parts;
    const before = isRecord(live['status']) ? live['status'] : {};
    const known = conditionsIn(live);
    const { generation } = live.metadata;
    const conditions = conditionsOf(found.findings, known, { generation, now: momentOf(keys.now()) });
    // What was found before something got in the way is still the last that is known.
    const { conditions: _old, ...rest } = before;
    const status = { ...rest, ...found.status, observedGeneration: generation, phase, conditions };
    try {
      await writeStatus(connection, OUR_RESOURCES[kind], live, status, signal);
    } catch (error) {
      if (hasCode(error, 'CLUSTER_NOT_FOUND')) return;
      throw error;
    }
    this.#tell(live, known, conditions);
  }

  /** Of readiness, when it is another than before. */
  #tell(live: KubernetesObject, before: readonly Condition[], now: readonly Condition[]): void {
    const [was, is] = [before, now].map((all) => all.find(({ type }) => type === 'Ready'));
    if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return;
    if (is.status === 'True') this.#events.record(live, notice('Ready'));
    else if (is.status === 'False') this.#events.record(live, notice('NotReady', { reason: is.reason }));
  }
}

function conditionsIn({ status }: KubernetesObject): readonly Condition[] {
  return (isRecord(status) && Array.isArray(status['conditions']) ? status['conditions'] : []) as readonly Condition[];
}

function again(due: number | undefined, now: number): Again | undefined {
  if (due === undefined) return undefined;
  return { afterMs: Math.min(Math.max(due - now, 1000), LONGEST_WAIT_MS) };
}
