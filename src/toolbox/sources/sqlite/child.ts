/**
 * The entry of a child process: runs statements of one source, one at a time, for a parent that may
 * kill it at any moment. SQLite rolls back what was half done when the file is next opened.
 */
import { ChildSession } from './child-session.ts';
import type { ChildRequest, DatabaseLocation } from './protocol.ts';

const session = new ChildSession(JSON.parse(process.argv[2] ?? '') as DatabaseLocation);

process.on('message', (request: ChildRequest) => process.send?.(session.run(request)));
// Without a parent there is nobody to answer.
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal; when to stop is the parent's to say, which lets
// running calls end first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
