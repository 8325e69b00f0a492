import { defineErrors, type ChatelaineError } from '#kernel';

/** What can be wrong with a call that wants the yes of people, and with an answer to it. */
export const approvalError = defineErrors('approvals', {
  // 403 and not 409: clients of REST APIs repeat a conflict by themselves, and this waits for a person.
  APPROVAL_REQUIRED: {
    status: 403,
    title: 'a policy wants the yes of a person to this call',
    remedy:
      'Have somebody who may approve open the address in the message, or run `chatelaine approval approve` with the id. Then make exactly the same call again: it is let through once.',
  },
  APPROVAL_REFUSED: {
    status: 403,
    title: 'a person has refused this call',
    remedy: 'Do not repeat it. The message has the reason where one was given; after a while it can be asked for anew.',
  },
  APPROVALS_EXHAUSTED: {
    status: 429,
    title: 'too many calls of this caller wait for the yes of people',
    remedy: 'Wait until some are answered or expire, or take some back with `chatelaine approval cancel`.',
  },
  APPROVAL_UNKNOWN: {
    status: 404,
    title: 'there is no such approval',
    remedy: '`chatelaine approval list` shows those that you may see.',
  },
  APPROVAL_OVER: {
    status: 409,
    title: 'the approval waits for no answer any more, or not for yours',
    remedy: 'The message says what became of it. A call that is made again begins a new one.',
  },
  APPROVAL_NOT_YOURS: {
    status: 403,
    title: 'this approval is not yours to give',
    remedy:
      'Somebody else has to decide: not the caller, one whom a policy permits to `approve`, and of the group or role that the policy names.',
  },
  APPROVAL_NEEDS_PERSON: {
    status: 403,
    title: 'only a person who has signed in can approve',
    remedy: 'Sign in at the page of the approval, or with `chatelaine login`. Keys and programs approve nothing.',
  },
  APPROVAL_FORM_REFUSED: {
    status: 403,
    title: 'the answer does not come from a page of this server in the same browser',
    remedy: 'Open the page of the approval again, and answer there.',
  },
  APPROVAL_ANSWER_REFUSED: {
    status: 401,
    title: 'the signed answer to an approval does not count',
    remedy:
      'Sign `webhook-id.webhook-timestamp.body` with the secret of a configured decider (HMAC-SHA-256), send it within five minutes and only once.',
  },
});

export const unknownApproval = (id: string): ChatelaineError =>
  approvalError('APPROVAL_UNKNOWN', `there is no approval \`${id.slice(0, 40)}\``);
