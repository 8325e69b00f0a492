/**
 * operator/cluster/events: what people see under an object with `kubectl describe` (events.k8s.io/v1).
 *
 * A `notice` is a text of a catalogue, so that nothing that is not meant to be seen gets into one. `series` makes one
 * event of many that say the same. The `recorder` writes them beside the work, at a rate of its own.
 */
export { defineNotices, type Notice, type NoticeText } from './notice.ts';
export { EventRecorder, type EventRecorderOptions } from './recorder.ts';
export type { Regarding, Reporter } from './series.ts';
