import type { Trial } from './trial.ts';
export const killTrials: readonly Trial[] = [];
