import type { CallerFace, GrantRefusal, UpstreamAccessToken } from '#contract';
import type { ChatelaineError } from '#kernel';
import { outgoingError } from '../errors.ts';

/** The caller's own token at the upstream. Rejects with a catalogued error that says what the caller can do. */
export async function callerToken(
  caller: CallerFace,
  upstream: string,
  wanted?: 'id_token',
): Promise<UpstreamAccessToken> {
  const answer = await caller.upstreamToken(upstream, { wanted });
  // Whoever keeps grants elsewhere may know access tokens alone: one must not pass for the other.
  if (answer.ok && answer.value.issued !== wanted) throw refusedGrant(upstream, { reason: 'upstream' });
  if (answer.ok) return answer.value;
  throw refusedGrant(upstream, answer.error);
}

function refusedGrant(upstream: string, refusal: GrantRefusal): ChatelaineError {
  const details = { upstream };
  switch (refusal.reason) {
    case 'session':
      return outgoingError(
        'CALLER_NOT_SIGNED_IN',
        `the tool uses your account at \`${upstream}\`, and this credential is of no sign-in that has one`,
      );
    case 'upstream':
      return outgoingError(
        'UPSTREAM_NOT_ALLOWED',
        `the tool uses your account at \`${upstream}\`, which you have not allowed this client to use`,
      );
    case 'link':
      return outgoingError('ACCOUNT_NOT_LINKED', `the tool needs your account at \`${upstream}\``, { details });
    case 'unavailable': {
      const { retryAfterSeconds } = refusal;
      const message = `your account at \`${upstream}\` cannot be used now; call again in ${retryAfterSeconds} s`;
      return outgoingError('GRANT_UNAVAILABLE', message, { details: { ...details, retryAfterSeconds } });
    }
  }
}
