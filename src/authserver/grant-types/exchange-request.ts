/** The parameters of a token exchange (RFC 8693 §2.1), read once; pure. */
import { err, ok, type Result } from '#kernel';

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

export const EXCHANGE_PARAMETERS = [
  'resource',
  'audience',
  'scope',
  'requested_token_type',
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
] as const;

export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  /** What is asked for; undefined for what the subject token has. */
  readonly resource: string | undefined;
  readonly scopes: readonly string[] | undefined;
}

/** `canonical` gives the one spelling of a resource. The error is for whoever wrote the client. */
export function readExchange(
  params: Readonly<Record<string, unknown>>,
  canonical: (resource: string) => string,
): Result<ExchangeRequest, string> {
  const given = (name: (typeof EXCHANGE_PARAMETERS)[number]): string | undefined => {
    const value = params[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const subjectToken = given('subject_token');
  if (subjectToken === undefined) return err('`subject_token` is missing');
  if (given('subject_token_type') !== ACCESS_TOKEN) return err(`\`subject_token_type\` is \`${ACCESS_TOKEN}\``);
  const actorToken = given('actor_token');
  if ((actorToken === undefined) !== (given('actor_token_type') === undefined))
    return err('`actor_token` and `actor_token_type` come together (RFC 8693 §2.1)');
  if (actorToken !== undefined && given('actor_token_type') !== ACCESS_TOKEN)
    return err(`\`actor_token_type\` is \`${ACCESS_TOKEN}\``);
  const requested = given('requested_token_type');
  if (requested !== undefined && requested !== ACCESS_TOKEN)
    return err(`\`requested_token_type\` is \`${ACCESS_TOKEN}\`: nothing else is issued here`);
  const [resource, audience] = [given('resource'), given('audience')].map((one) => one && canonical(one));
  if (resource !== undefined && audience !== undefined && resource !== audience)
    return err('`resource` and `audience` name two resources');
  const scope = given('scope');
  return ok({ subjectToken, actorToken, resource: resource ?? audience, scopes: scope?.split(' ') });
}
