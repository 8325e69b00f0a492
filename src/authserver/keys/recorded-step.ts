import type { IntendedChange } from '#audit';

/** What is on record of a step. `name` is the `kid`, or which key was meant. */
export const recordedStep = (type: string, action: string, name: string): IntendedChange => ({
  class: 'credential',
  type,
  action,
  object: { kind: 'signing-key', namespace: '*', name: name.slice(0, 64) },
});
