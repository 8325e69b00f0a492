import { setImmediate as turn } from 'node:timers/promises';
import type { LogItem } from './log-stream.ts';

/** Records of one piece: a millisecond or two of hashing, during which a server answers nobody. */
const PIECE = 64;

/** The same log in small pieces, between which everybody else has a turn: for a process that also serves. */
export async function* paced(items: AsyncIterable<readonly LogItem[]>): AsyncGenerator<readonly LogItem[]> {
  for await (const group of items) {
    for (let at = 0; at < group.length; at += PIECE) {
      yield group.slice(at, at + PIECE);
      await turn();
    }
  }
}
