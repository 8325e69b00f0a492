/** What the answers of the internal listener mean to whoever asked; pure. */
import { z } from 'zod';
import { err, ok, Secret, type Result } from '#kernel';
import type { GrantRefusal, UpstreamAccessToken } from '#contract';
import { exchangeError } from './errors.ts';
import { ACCESS_TOKEN } from './wire.ts';

/** RFC 8693 §2.2.1. What else may stand there is not looked at. */
const grantedSchema = z.object({
  access_token: z.string().min(1),
  issued_token_type: z.literal(ACCESS_TOKEN),
  token_type: z.literal('Bearer'),
  expires_in: z.int().nonnegative().optional(),
  scope: z.string().optional(),
});

const refusedSchema = z.object({ error: z.string() });

export interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Throws `EXCHANGE_NOT_ADMITTED`, `EXCHANGE_UNAVAILABLE` and `EXCHANGE_UNREADABLE`. */
export function readReply({ status, retryAfter, text }: Reply): Result<UpstreamAccessToken, GrantRefusal> {
  if (status === 200) {
    const granted = grantedSchema.safeParse(jsonOf(text));
    // Not what zod says: it may quote the token.
    if (!granted.success) throw unreadable('its 200 is no token of RFC 8693');
    const { access_token: accessToken, expires_in: expiresInSeconds, scope } = granted.data;
    return ok({
      accessToken: new Secret(accessToken),
      expiresInSeconds,
      scopes: scope === undefined || scope === '' ? [] : scope.split(' '),
    });
  }
  const refused = refusedSchema.safeParse(jsonOf(text));
  if (!refused.success) throw unreadable(`its ${status} is no error of RFC 6749`);
  const { error } = refused.data;
  const retryAfterSeconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Math.max(1, Number(retryAfter)) : 1;
  switch (`${status} ${error}`) {
    // That its session is not ours, or that it is bound to another key: either way it opens nothing here.
    case '400 invalid_request':
    case '401 invalid_token':
      return err({ reason: 'session' });
    case '400 invalid_target':
      return err({ reason: 'upstream' });
    case '400 invalid_grant':
      return err({ reason: 'link' });
    case '503 temporarily_unavailable':
    case '429 slow_down':
      return err({ reason: 'unavailable', retryAfterSeconds });
    case '401 invalid_client':
      throw exchangeError('EXCHANGE_NOT_ADMITTED', 'the authorization server does not let our certificate in');
    default:
      if (status >= 500)
        throw exchangeError('EXCHANGE_UNAVAILABLE', `the authorization server cannot answer now (${status})`, {
          details: { retryAfterSeconds },
        });
      throw unreadable(`it says ${status} where no exchange does`);
  }
}

const unreadable = (why: string) =>
  exchangeError('EXCHANGE_UNREADABLE', `the authorization server gave an answer that is none: ${why}`);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
