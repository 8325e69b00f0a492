/** What takes decisions away that are nobody's any more: a restore, and time. */
export { decisionsAfterRestore } from './after-restore.ts';
export { startForgettingDecisions } from './start-forgetting.ts';
