/**
 * One act that stops somebody or something everywhere: its credentials, what runs, what is open; and that waits until
 * every process that serves has confirmed, and says so in a report that others can verify.
 */
import { EVERYWHERE, type AuditOrigin, type AuditTrail } from '#contract';
import type { Author, ChangeFrame, Identity, UserDirectory } from '#identity';
import { newId } from '#kernel';
import {
  findContainment,
  insertContainment,
  listConfirmations,
  listProcesses,
  releaseContainment,
  setReport,
} from '../store/containments-store.ts';
import { subjectKey, type ContainedKind, type Containment, type ContainmentReport } from './containment.ts';
import { containError, unknownContainment } from './errors.ts';
import { GONE_AFTER_MS } from './serving-process.ts';
import { reportDigest } from './verify-report.ts';

export interface Wanted {
  readonly kind: ContainedKind;
  readonly namespace: string;
  /** The id of a user; the name of everything else. */
  readonly name: string;
  readonly reason: string;
}

/** Credentials of a tool, of a holder, or of a namespace. */
export interface EndedCredentials {
  readonly namespace?: string;
  readonly tool?: string;
  readonly holderId?: string;
}

function credentialsOf({ kind, namespace, target }: Containment): EndedCredentials {
  if (kind === 'tool') return { namespace, tool: target };
  return kind === 'namespace' ? { namespace: target } : { holderId: target };
}

export interface ContainmentsParts {
  readonly frame: ChangeFrame;
  readonly trail: AuditTrail & { receipt(id: string): Promise<unknown> };
  readonly agents: Identity['agents'];
  readonly namespaces: Identity['namespaces'];
  readonly users: UserDirectory;
  /** Forgets the tokens of a user at identity providers; gives how many grants that were. */
  readonly endGrants: (userId: string, origin: AuditOrigin) => Promise<number>;
  /** Takes back short-lived credentials that were given out; gives how many. */
  readonly endCredentials: (meant: EndedCredentials, origin: AuditOrigin) => Promise<number>;
  /** This process, where it serves: it need not wait for the news. */
  readonly here?: (() => Promise<void>) | undefined;
  /** How long processes are waited for. */
  readonly waitMs?: number;
  /** Whether several hosts may serve, and give signs of life. */
  readonly severalHosts: boolean;
}

const WAIT_MS = 10_000;
const ASK_EVERY_MS = 25;

interface Prepared {
  readonly target: string;
  readonly subjects: readonly string[];
  readonly disabledHere: boolean;
  readonly steps: ContainmentReport['steps'];
}

export class Containments {
  readonly #parts: ContainmentsParts;

  constructor(parts: ContainmentsParts) {
    this.#parts = parts;
  }

  /**
   * Stops it. Resolves when every process that serves has confirmed, or when that was waited for long enough: the
   * report says which. Throws as the services do that disable, and `CONTAINMENT_REFUSED`.
   */
  async begin(by: Author, wanted: Wanted): Promise<Containment> {
    const { frame, here } = this.#parts;
    const { kind, namespace } = wanted;
    checkPlace(wanted);
    frame.check(by, 'containment.begin', { namespace });
    const begunAt = frame.clock.now();
    const prepared = await this.#disable(by, wanted);
    const id = newId(begunAt);
    const begun: Containment = {
      ...{ id, kind, namespace, name: wanted.name, reason: wanted.reason, begunAt, begunBy: subjectKey(by.principal) },
      ...{ target: prepared.target, subjects: prepared.subjects, disabledHere: prepared.disabledHere },
      ...{ acknowledgedAt: undefined, releasedAt: undefined, report: undefined },
    };
    const object = { kind: `containment`, namespace, name: `${kind} ${wanted.name}`.slice(0, 256), id };
    const details = { kind, target: prepared.target, reason: wanted.reason.slice(0, 500) };
    await frame.inTransaction(by, { type: 'containment.begin', action: 'contain', object, details }, async (trx) => {
      frame.check(by, 'containment.begin', { namespace });
      await insertContainment(trx, begun);
      return { value: undefined, objectId: id };
    });
    const steps = [...prepared.steps, { what: 'refused everywhere from the next call on', at: this.#now() }];
    await here?.();
    if (kind === 'user') {
      const count = await this.#parts.endGrants(prepared.target, by.origin);
      steps.push({ what: 'tokens at identity providers forgotten', at: this.#now(), count });
    }
    const count = await this.#parts.endCredentials(credentialsOf(begun), by.origin);
    steps.push({ what: 'credentials that were given out revoked', at: this.#now(), count });
    return await this.#conclude(by, begun, steps);
  }

  /** Ends it; what it disabled is let in again, and nothing that was disabled before. Throws `CONTAINMENT_UNKNOWN`. */
  async release(by: Author, id: string): Promise<void> {
    const { frame, agents, namespaces, users, here } = this.#parts;
    const { db } = frame.database;
    const found = await findContainment(db, id);
    const { kind, namespace, target, name, disabledHere } = found ?? NOTHING;
    const missing = () => unknownContainment(id);
    const object = { kind: 'containment', namespace, name: `${kind} ${name}`.slice(0, 256), id: id.slice(0, 64) };
    await frame.inTransaction(by, { type: 'containment.release', action: 'release', object }, async (trx) => {
      frame.check(by, 'containment.release', { namespace, missing });
      if (found === undefined) throw missing();
      await releaseContainment(trx, id, { at: frame.clock.now(), by: subjectKey(by.principal) });
      return { value: undefined };
    });
    if (disabledHere && kind === 'agent') await agents.enable(by, name, namespace);
    if (disabledHere && kind === 'user') await users.enable(by, target);
    if (disabledHere && kind === 'namespace') await namespaces.enable(by, target);
    await here?.();
  }

  #now(): string {
    return new Date(this.#parts.frame.clock.now()).toISOString();
  }

  /** Cuts off what has credentials: keys, certificates, sessions and tokens open nothing from then on. */
  async #disable(by: Author, { kind, namespace, name }: Wanted): Promise<Prepared> {
    const { agents, namespaces, users } = this.#parts;
    if (kind === 'tool') return { target: name, subjects: [], disabledHere: false, steps: [] };
    if (kind === 'agent') {
      const before = await agents.show(by, name, namespace);
      if (before.disabledAt === null) await agents.disable(by, name, namespace);
      const steps = [{ what: 'the agent, its keys, certificates and tokens disabled', at: this.#now() }];
      const subjects = [subjectKey({ iss: 'chatelaine', sub: before.id })];
      return { target: before.id, subjects, disabledHere: before.disabledAt === null, steps };
    }
    if (kind === 'namespace') {
      const wasShut = (await namespaces.listDisabled()).some((one) => one.namespace === namespace);
      if (!wasShut) await namespaces.disable(by, namespace);
      const steps = [{ what: 'the agents of the namespace disabled', at: this.#now() }];
      return { target: namespace, subjects: [], disabledHere: !wasShut, steps };
    }
    const user = await users.find(name);
    // Whoever there is none of is told so by who would disable them.
    await users.disable(by, name);
    const answeredFor = (await agents.list()).filter(({ responsibleUser }) => responsibleUser === name);
    const identities = (await users.identitiesOf(name)) ?? [];
    return {
      target: name,
      subjects: [...identities, ...answeredFor.map(({ id }) => ({ iss: 'chatelaine', sub: id }))].map(subjectKey),
      disabledHere: user?.disabledAt === null,
      steps: [
        { what: 'the user, their sessions, tokens and authorizations disabled', at: this.#now() },
        { what: 'agents that they answer for refused', at: this.#now(), count: answeredFor.length },
      ],
    };
  }

  async #conclude(by: Author, begun: Containment, steps: ContainmentReport['steps']): Promise<Containment> {
    const { frame, trail } = this.#parts;
    const { processes, complete } = await this.#confirmed(begun);
    const endedAt = frame.clock.now();
    const report: ContainmentReport = {
      format: 'chatelaine-containment/1',
      ...{ id: begun.id, kind: begun.kind, namespace: begun.namespace, target: begun.target, name: begun.name },
      ...{ reason: begun.reason, begunBy: begun.begunBy, begunAt: new Date(begun.begunAt).toISOString() },
      ...{ steps, processes, complete, endedAt: new Date(endedAt).toISOString(), tookMs: endedAt - begun.begunAt },
    };
    const { id: record } = await trail.append({
      ...{ class: 'administration', type: 'containment.ended', ...by.origin, action: 'contain' },
      object: {
        kind: 'containment',
        namespace: begun.namespace,
        name: `${begun.kind} ${begun.name}`.slice(0, 256),
        id: begun.id,
      },
      outcome: complete ? 'success' : 'failure',
      details: { report: reportDigest(report), processes: processes.length, complete, tookMs: report.tookMs },
    });
    const signed = { report, receipt: await trail.receipt(record) };
    const acknowledgedAt = complete ? endedAt : null;
    await setReport(frame.database.db, begun.id, { report: signed, acknowledgedAt });
    return { ...begun, report: signed, acknowledgedAt: acknowledgedAt ?? undefined };
  }

  /** Waits for everybody who serves. */
  async #confirmed({ id }: Containment): Promise<Pick<ContainmentReport, 'processes' | 'complete'>> {
    const { frame, waitMs = WAIT_MS, severalHosts } = this.#parts;
    const { db } = frame.database;
    for (const until = performance.now() + waitMs; ; await pause()) {
      const since = severalHosts ? frame.clock.now() - GONE_AFTER_MS : 0;
      // Again each time: one that ends meanwhile confirms nothing, and one that starts has read what is contained.
      const listed = await listProcesses(db, since);
      const serving = severalHosts ? listed : listed.filter(({ pid }) => lives(pid));
      const confirmations = await listConfirmations(db, id);
      const of = new Map(confirmations.map((one) => [one.process, one]));
      const complete = serving.every((one) => of.has(one.id));
      if (!complete && performance.now() < until) continue;
      const processes = serving.map(({ id: process, host }) => {
        const one = of.get(process);
        const confirmedAt = one === undefined ? null : new Date(one.confirmedAt).toISOString();
        return { id: process, host, confirmedAt, stoppedCalls: one?.stoppedCalls ?? 0 };
      });
      return { processes, complete };
    }
  }
}

/** A process of this host; one that was killed has said nothing. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));

const NOTHING = { kind: 'tool', namespace: EVERYWHERE, target: '', name: '', disabledHere: false } as const;

function checkPlace({ kind, namespace, name }: Wanted): void {
  const isRight =
    kind === 'user' ? namespace === EVERYWHERE : kind === 'namespace' ? namespace === name : namespace !== EVERYWHERE;
  if (!isRight)
    throw containError('CONTAINMENT_REFUSED', `a ${kind} is not contained in the namespace \`${namespace}\``);
}
