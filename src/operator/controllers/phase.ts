/** All of it in one word, for people. Pure. */
import { withReady, type Finding } from './conditions.ts';
import type { Reconciled } from './controller.ts';

export type Phase = 'Pending' | 'Progressing' | 'Ready' | 'Degraded' | 'Failed' | 'Stopped' | 'Terminating';

export function phaseOf(findings: readonly Finding[], pods: Reconciled['pods']): Phase {
  const ready = withReady(findings).at(-1) as Finding;
  if (ready.status === 'True') return pods?.isStopped === true ? 'Stopped' : 'Ready';
  if (findings.some(({ type, status }) => type === 'Valid' && status === 'False')) return 'Failed';
  // Pods of before serve on, whatever is the matter with those that come.
  if (pods?.isDegraded === true) return ready.status === 'False' ? 'Degraded' : 'Progressing';
  if (ready.status === 'False') return 'Failed';
  return pods === undefined ? 'Pending' : 'Progressing';
}
