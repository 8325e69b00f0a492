/** The form of an internal exchange (RFC 8693 §2.1), read once and strictly; pure. */
import { z } from 'zod';
import { err, ok, Secret, type Result } from '#kernel';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '#token-exchange';

export interface InternalExchangeRequest {
  readonly subjectToken: Secret;
  /** The upstream whose token is asked for; undefined where the owner has but one. */
  readonly audience: string | undefined;
}

/** What is wrong with a form, as it is answered (RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2). */
export interface FormFault {
  readonly error: 'invalid_request' | 'unsupported_grant_type' | 'invalid_scope' | 'invalid_target';
  readonly description: string;
}

/** What an exchange has beside, and why it is refused: a caller who believes that it counts is wrong about something. */
const REFUSED: Readonly<Record<string, FormFault>> = {
  scope: { error: 'invalid_scope', description: 'a stored token is given as it is: `scope` cannot change it' },
  resource: { error: 'invalid_target', description: 'the upstream is named by `audience`, not by `resource`' },
  actor_token: {
    error: 'invalid_request',
    description: 'who acts is said by the certificate of the connection: there is no `actor_token`',
  },
};

const only = (name: string, value: string) =>
  z.literal(value, { error: `\`${name}\` is missing, or not \`${value}\`` });

const formSchema = z.strictObject({
  grant_type: only('grant_type', TOKEN_EXCHANGE),
  subject_token: z
    .string({ error: '`subject_token` is missing' })
    .max(16 * 1024, { error: 'no token of ours is so long' }),
  subject_token_type: only('subject_token_type', ACCESS_TOKEN),
  requested_token_type: only('requested_token_type', ACCESS_TOKEN).optional(),
  audience: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, { error: '`audience` is the name of an upstream' })
    .optional(),
});

/**
 * Reads the body of a request. A parameter that stands there twice, or that is not of an exchange, is refused rather
 * than passed over: of two readers one would take the first, another the last, and the `tsid` that somebody adds
 * would be believed to count (RFC 6749 §3.2).
 */
export function readInternalExchange(body: string): Result<InternalExchangeRequest, FormFault> {
  const given = parametersOf(body);
  if (!given.ok) return err({ error: 'invalid_request', description: given.error });
  const { grant_type: grantType } = given.value;
  if (grantType !== undefined && grantType !== TOKEN_EXCHANGE)
    return err({
      error: 'unsupported_grant_type',
      description: `the only \`grant_type\` here is \`${TOKEN_EXCHANGE}\``,
    });
  const refused = Object.keys(given.value).find((name) => Object.hasOwn(REFUSED, name));
  if (refused !== undefined) return err(REFUSED[refused] as FormFault);
  const read = formSchema.safeParse(given.value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const description =
      issue?.code === 'unrecognized_keys' ? 'there is a parameter that an exchange does not have' : issue?.message;
    return err({ error: 'invalid_request', description: description ?? 'this is no exchange' });
  }
  const { subject_token: subjectToken, audience } = read.data;
  return ok({ subjectToken: new Secret(subjectToken), audience });
}

/** What `application/x-www-form-urlencoded` may hold between its separators, with whole escapes alone. */
const FORM = /^(?:[A-Za-z0-9*._+&=~:/-]|%[0-9A-Fa-f]{2})*$/;
const MOST_PARAMETERS = 32;

function parametersOf(body: string): Result<Readonly<Record<string, string>>, string> {
  // The reader of URLs repairs what it does not understand, and would read something that nobody wrote.
  if (!FORM.test(body)) return err('the body is no form: a character or an escape of it is none of a form');
  const given: Record<string, string> = Object.create(null) as Record<string, string>;
  const pairs = [...new URLSearchParams(body)];
  if (pairs.length > MOST_PARAMETERS) return err('there are too many parameters');
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    if (seen.has(name)) return err('a parameter stands there twice');
    seen.add(name);
    // RFC 6749 §3.2: what has no value counts as left out.
    if (value !== '') given[name] = value;
  }
  return ok(given);
}
