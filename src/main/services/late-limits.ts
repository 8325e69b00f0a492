import type { CallLimits, Limits, LimitsOptions } from '#registry';
import { loadLimits } from '#registry';
import type { Endings } from '../endings.ts';

/** Limits, opened by the first call or the first request to the API that asks. */
export interface LateLimits {
  readonly calls: CallLimits;
  opened(): Promise<Limits>;
  /** Whether limits are counted elsewhere than they should be. */
  away(): boolean;
  /** Tells of every refusal from now on. */
  onRefusal(listener: LimitsOptions['refused']): void;
}

export function lateLimits({
  endings,
  ...options
}: Omit<LimitsOptions, 'refused'> & { readonly endings: Endings }): LateLimits {
  const listeners: LimitsOptions['refused'][] = [];
  let limits: Limits | undefined;
  let opening: Promise<Limits> | undefined;

  async function open(): Promise<Limits> {
    const { openLimits } = await loadLimits();
    const opened = await openLimits({
      ...options,
      refused: (refused) => listeners.forEach((listener) => listener(refused)),
    });
    // Before the database: what is held goes back to it.
    endings.add('limits', () => opened.close());
    return (limits = opened);
  }

  const opened = (): Promise<Limits> =>
    (opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  return {
    opened,
    away: () => limits?.away() === true,
    onRefusal: (listener) => void listeners.push(listener),
    calls: {
      enter: (call, decision) =>
        limits === undefined
          ? opened().then(({ calls }) => calls.enter(call, decision))
          : limits.calls.enter(call, decision),
    },
  };
}
