import { Writable } from 'node:stream';

/**
 * Standard output for the protocol alone: whatever else writes there from now on (a module's
 * `console.log`) goes to standard error, where it breaks no message (MCP, stdio).
 */
export function claimStandardOutput(): Writable {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return new Writable({ write: (chunk: Buffer, _, done) => void write(chunk, done) });
}
