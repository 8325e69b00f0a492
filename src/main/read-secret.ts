import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Secret } from '#kernel';

/**
 * The secret that is piped in, whole but for the line end at its end, or typed at a prompt on standard
 * error that shows nothing of it.
 */
export async function readSecret(): Promise<Secret | undefined> {
  if (!process.stdin.isTTY) {
    const bytes = await buffer(process.stdin);
    return bytes.length === 0 ? undefined : new Secret(bytes.toString('utf8').replace(/\r?\n$/, ''));
  }
  process.stderr.write('Value (not shown): ');
  // What readline would echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const typed = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  lines.close();
  process.stderr.write('\n');
  return typed === undefined ? undefined : new Secret(typed);
}
