/**
 * operator/cluster/election: one leader, by a Lease (coordination.k8s.io/v1), as client-go elects.
 *
 * `lease` has the rules: a lease that somebody holds is taken when it stood unchanged for as long as it lasts, by the
 * clock of who wants it. `elector` keeps to them: it stops leading a third of that time before others may begin, so that
 * there are never two as long as clocks run at rates within half of each other. Only the version that was seen is written over.
 */
export { Elector, type ElectionEnd, type ElectionTimes, type ElectorOptions } from './elector.ts';
