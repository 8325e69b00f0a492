/**
 * What a server writes to its standard error, in our log: somebody else's text, so of bounded length and rate. The
 * log covers what must not stand in it.
 */
import type { Readable } from 'node:stream';
import type { Clock, Logger } from '#kernel';

const LINES_IN_A_WINDOW = 50;
const WINDOW_MS = 10_000;
const LINE_LENGTH = 2000;

/** `first` is called with the first line. */
export function logStderr(
  stderr: Readable,
  server: string,
  { log, clock, first }: { readonly log: Logger; readonly clock: Clock; readonly first?: (line: string) => void },
): void {
  let told = first;
  let windowEnds = 0;
  let lines = 0;
  let leftOut = 0;
  let rest = '';
  const write = (text: string): void => {
    told?.(text.slice(0, LINE_LENGTH));
    told = undefined;
    const now = clock.now();
    if (now >= windowEnds) {
      if (leftOut > 0) log.warn({ server, lines: leftOut }, 'a server wrote more to its standard error than is logged');
      windowEnds = now + WINDOW_MS;
      lines = leftOut = 0;
    }
    if (++lines > LINES_IN_A_WINDOW) leftOut++;
    else log.info({ server, stderr: text.slice(0, LINE_LENGTH) }, 'a server wrote to its standard error');
  };
  stderr.setEncoding('utf8');
  stderr.on('data', (chunk: string) => {
    const texts = (rest + chunk).split('\n');
    // Of a line without end, the beginning is kept and no more.
    rest = (texts.pop() ?? '').slice(0, LINE_LENGTH);
    for (const text of texts) if (text.trim() !== '') write(text);
  });
  stderr.on('end', () => rest.trim() !== '' && write(rest));
  stderr.on('error', () => {});
}
