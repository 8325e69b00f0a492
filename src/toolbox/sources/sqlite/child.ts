/**
 * The entry of a child process: runs statements of one source, one at a time, for a parent that may
 * kill it at any moment. SQLite rolls back what was half done when the file is next opened.
 */
import { writeFileSync } from 'node:fs';
import { ChildSession } from './child-session.ts';
import type { ChildMessage, ChildRequest, DatabaseLocation } from './protocol.ts';

const session = new ChildSession(JSON.parse(process.argv[2] ?? '') as DatabaseLocation);

// The SQLite of Node is built without a limit to its memory. When a statement takes all there is, this
// process is the one that Linux is to end, not the server (proc(5), oom_score_adj).
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Another system, with its own ways.
}

const tell = (message: ChildMessage): void => void process.send?.(message);
process.on('message', (request: ChildRequest) => tell(session.run(request, (verdict) => tell({ verdict }))));
// Without a parent there is nobody to answer.
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal; when to stop is the parent's to say, which lets
// running calls end first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
