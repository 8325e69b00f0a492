/**
 * main: the only place of wiring. configuration → stores → services → doors.
 *
 * Owns the entry of the command (`command.ts`), the commands that need the whole server (`serve`,
 * `invoke`), what keeps state and the API over it (`services/`), and what starting and ending mean. Knows every module; no module knows it.
 */
export { installCommands } from './commands.ts';
export { Endings } from './endings.ts';
export { openServices, type Services } from './services/index.ts';
export { openApi, takesRecentProof } from './services/open-api.ts';
export { openLocalApi } from './services/local-api.ts';
