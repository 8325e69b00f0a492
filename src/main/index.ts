/**
 * main: the only place of wiring. configuration → stores → services → doors.
 *
 * Owns the entry of the command (`command.ts`), the commands that need the whole server (`serve`,
 * `invoke`), and what starting and ending mean. Knows every module; no module knows it.
 */
export { installCommands } from './commands.ts';
