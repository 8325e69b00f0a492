import { formatSize } from '#kernel';
import type { TextSink } from './context.ts';

const EVERY_MS = 200;

/**
 * A line that says how far long work is, drawn over itself; on a terminal alone, so that logs and pipes
 * get none of it. `done` takes the line away.
 */
export function progressLine(
  sink: TextSink,
  now: () => number,
): { readonly show: ((step: string, bytes: number) => void) | undefined; done(): void } {
  if (sink.isTTY !== true) return { show: undefined, done: () => {} };
  let [shown, longest] = [0, 0];
  const draw = (text: string): void => {
    longest = Math.max(longest, text.length);
    sink.write(`\r${text.padEnd(longest)}`);
  };
  return {
    show(step, bytes) {
      if (now() - shown < EVERY_MS) return;
      shown = now();
      draw(bytes === 0 ? `${step} …` : `${step}: ${formatSize(bytes)}`);
    },
    done: () => sink.write(`\r${' '.repeat(longest)}\r`),
  };
}
