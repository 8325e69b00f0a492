/**
 * The calls that run in this process, so that what is contained can be stopped while it runs: a call that was let in
 * before must not succeed after everybody was told that nothing of it goes on. What is contained is refused from
 * memory at its first step, whatever its credential still opens.
 */
import type { Principal } from '#contract';
import { Members, type ChatelaineError, type Membership } from '#kernel';
import type { CallContainment, HeldCall } from '../steps.ts';
import type { Containment } from './containment.ts';
import { subjectKey } from './containment.ts';
import { containError } from './errors.ts';

type InForce = Pick<Containment, 'kind' | 'namespace' | 'target' | 'subjects'>;

class Held implements HeldCall {
  readonly principal: Principal;
  readonly namespace: string;
  readonly tool: string;
  readonly #membership: Membership<Held>;
  #stopped: ChatelaineError | undefined;
  #controller: AbortController | undefined;
  #unfollow: (() => void) | undefined;
  /** The outcome is being recorded: it is waited for. */
  isSettling = false;
  onLeave: (() => void)[] | undefined;

  constructor(running: Members<Held>, principal: Principal, namespace: string, tool: string) {
    this.#membership = running.enter(this);
    this.principal = principal;
    this.namespace = namespace;
    this.tool = tool;
  }

  /** No `AbortSignal.any`: what it holds weakly outlives the collections of the young, and the whole call with it. */
  signal(of: AbortSignal): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      const end = (): void => controller.abort(of.reason);
      if (this.#stopped !== undefined) controller.abort(this.#stopped);
      else if (of.aborted) end();
      else of.addEventListener('abort', end, { once: true });
      this.#unfollow = () => of.removeEventListener('abort', end);
    }
    return this.#controller.signal;
  }

  settle(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.isSettling = true;
  }

  get stopped(): ChatelaineError | undefined {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = containError(
      'CALL_CONTAINED',
      `the call of \`${this.tool.slice(0, 128)}\` was stopped while it ran`,
    );
    this.#controller?.abort(this.#stopped);
  }

  leave(): void {
    this.#unfollow?.();
    this.#membership.leave();
    for (const told of this.onLeave ?? []) told();
  }
}

export class RunningCalls implements CallContainment {
  readonly #running = new Members<Held>();
  #inForce: readonly InForce[] = [];
  #subjects: ReadonlySet<string> = new Set();
  #tools: ReadonlySet<string> = new Set();
  #namespaces: ReadonlySet<string> = new Set();

  enter(principal: Principal, namespace: string, tool: string): HeldCall {
    if (this.#inForce.length > 0) {
      const what = this.#contained(principal, namespace, tool);
      if (what !== undefined) throw containError('CONTAINED', `${what} was stopped`);
    }
    return new Held(this.#running, principal, namespace, tool);
  }

  /** Takes what is contained now in the place of what was. Whatever begins from here on is refused. */
  replace(inForce: readonly InForce[]): void {
    this.#inForce = inForce;
    this.#subjects = new Set(inForce.flatMap(({ subjects }) => subjects));
    this.#tools = new Set(inForce.flatMap((one) => (one.kind === 'tool' ? [`${one.namespace}/${one.target}`] : [])));
    this.#namespaces = new Set(inForce.flatMap((one) => (one.kind === 'namespace' ? [one.target] : [])));
  }

  /**
   * Stops what runs of what is contained; gives how many calls that were. Resolves when none of it can succeed any
   * more: those whose outcome is just being recorded have ended by then.
   */
  async stop(): Promise<number> {
    const settling: Promise<void>[] = [];
    let stopped = 0;
    for (const held of this.#running.all()) {
      if (held.stopped !== undefined) continue;
      if (this.#contained(held.principal, held.namespace, held.tool) === undefined) continue;
      if (held.isSettling) settling.push(new Promise((resolve) => (held.onLeave ??= []).push(resolve)));
      else {
        held.stop();
        stopped++;
      }
    }
    await Promise.all(settling);
    return stopped;
  }

  #contained(principal: Principal, namespace: string, tool: string): string | undefined {
    if (this.#namespaces.has(namespace)) return `the namespace \`${namespace}\``;
    if (this.#tools.has(`${namespace}/${tool}`)) return `the tool \`${tool}\``;
    if (this.#subjects.size === 0) return undefined;
    if (this.#subjects.has(subjectKey(principal))) return `\`${principal.name}\``;
    return principal.act?.some((actor) => this.#subjects.has(subjectKey(actor)))
      ? 'who acts for the caller'
      : undefined;
  }
}
