import { stat } from 'node:fs/promises';
import { readCheckpoint } from '../../checkpoint/checkpoint.ts';
import { readLines, type RawLine } from './read-lines.ts';

/** Where it is no longer worth while to look for a better place than the one there is: one reading has so much. */
const NEAR_BYTES = 256 * 1024;

/**
 * The offset of a line in the file of checkpoints from which all with a higher number than `after` follow; found by
 * halving, since their numbers rise. In a file that somebody has worked on it may be any: who reads on
 * looks at the numbers.
 */
export async function offsetAfter(path: string, after: number): Promise<number> {
  if (after < 1) return 0;
  let low = 0;
  let high = (await stat(path)).size;
  while (high - low > NEAR_BYTES) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await lineBehind(path, middle, high);
    const number = found && readCheckpoint(found.text ?? '')?.body.number;
    if (found === undefined || number === undefined) return low;
    if (number <= after) low = found.offset;
    else high = middle;
  }
  return low;
}

/** The first whole line that begins behind an offset. */
async function lineBehind(path: string, offset: number, end: number): Promise<RawLine | undefined> {
  let inside = true;
  for await (const lines of readLines(path, offset, end)) {
    for (const line of lines) {
      if (!inside && line.complete) return line;
      inside = false;
    }
  }
  return undefined;
}
