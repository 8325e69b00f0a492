/** A time until which an answer is waited for, beside the signal of whoever waits. */
import { clusterError } from '../errors.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** From now on only the caller ends it, or another time. */
  extend(ms: number): void;
}

export function startDeadline(ms: number, title: string, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const leave = (): void => controller.abort(caller?.reason);
  const expire = (after: number): void =>
    controller.abort(clusterError('CLUSTER_TIMEOUT', `${title} was not answered within ${after} ms`));
  let timer = setTimeout(expire, ms, ms);
  if (caller?.aborted) leave();
  caller?.addEventListener('abort', leave, { once: true });
  return {
    signal: controller.signal,
    extend(after) {
      clearTimeout(timer);
      timer = setTimeout(expire, after, after);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', leave);
    },
  };
}
