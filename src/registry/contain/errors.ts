import { defineErrors, type ChatelaineError } from '#kernel';

/** Why calls of what was contained end, and what can be wrong with containing. */
export const containError = defineErrors('registry', {
  CONTAINED: {
    status: 403,
    title: 'the caller, the tool or the namespace was stopped',
    remedy: 'Ask an administrator: `chatelaine contain --list` says why, and `--release` ends it.',
  },
  CALL_CONTAINED: {
    status: 403,
    title: 'the call was stopped while it ran',
    remedy: 'Ask an administrator; what the call has done until then stays done.',
  },
  CONTAINMENT_UNKNOWN: {
    status: 404,
    title: 'there is no such containment',
    remedy: 'Take an id from `chatelaine contain --list`.',
  },
  CONTAINMENT_REFUSED: {
    status: 400,
    title: 'this cannot be contained so',
    remedy: 'Users are contained in the namespace `*`, a namespace in itself, agents and tools in theirs.',
  },
});

export const unknownContainment = (id: string): ChatelaineError =>
  containError('CONTAINMENT_UNKNOWN', `there is no containment \`${id.slice(0, 64)}\``);
