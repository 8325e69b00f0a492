import type { OutgoingAuthOf } from '#contract';
import { reveal, Secret, sha256Hex } from '#kernel';
import { outgoingError } from '../errors.ts';
import type { OutgoingAuthParts } from '../parts.ts';
import { livingFrom, type AccessToken } from './access-token.ts';

/** Temporary keys of a role; `token` is the session token, as AWS calls it. */
export interface AwsSession extends AccessToken {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
}

type Config = Pick<OutgoingAuthOf<'awsSts'>, 'roleArn' | 'region' | 'stsEndpoint' | 'duration'>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Where roles of the region are assumed, unless the configuration says. */
export const stsEndpointOf = ({ region, stsEndpoint }: Pick<Config, 'region' | 'stsEndpoint'>): string =>
  stsEndpoint ?? `https://sts.${region}.amazonaws.com/`;

/**
 * Assumes the role with a web identity (AWS STS, 2011-06-15). The request is not signed: the token is what counts.
 * Rejects with `OUTGOING_TOKEN_REFUSED` and as `EgressClient.request` does.
 */
export async function assumeRole(
  config: Config,
  identity: { readonly token: Secret; readonly of: string },
  { egress, clock }: Pick<OutgoingAuthParts, 'egress' | 'clock'>,
): Promise<AwsSession> {
  const url = new URL(stsEndpointOf(config));
  const from = clock.now();
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: config.roleArn,
    RoleSessionName: `chatelaine-${sha256Hex(identity.of).slice(0, 32)}`,
    DurationSeconds: String(Math.round(config.duration / 1000)),
    WebIdentityToken: reveal(identity.token),
  });
  const { status, body } = await egress.request({
    ...{ method: 'POST', url, body: form.toString(), follow: 'never' },
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'chatelaine' },
    signal: new AbortController().signal,
    ...{ timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES },
  });
  const answer = body.toString('utf8');
  const refused = (why: string): Error =>
    outgoingError('OUTGOING_TOKEN_REFUSED', `no session of \`${config.roleArn}\`: \`${url.origin}\` ${why}`);
  if (status !== 200) {
    // Of an error the code alone is repeated: its words may hold the token.
    const code = elementOf(answer, 'Code', '[A-Za-z]{1,64}');
    throw refused(`answered with status ${status}${code === undefined ? '' : ` (${code})`}`);
  }
  const accessKeyId = elementOf(answer, 'AccessKeyId', '[A-Z0-9]{16,128}');
  const secretAccessKey = elementOf(answer, 'SecretAccessKey', '[A-Za-z0-9/+=]{16,256}');
  const sessionToken = elementOf(answer, 'SessionToken', '[A-Za-z0-9/+=]{16,16384}');
  const ends = Date.parse(elementOf(answer, 'Expiration', '[0-9TZ:.+-]{16,40}') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || Number.isNaN(ends))
    throw refused('answered with something that is no session');
  const token = new Secret(sessionToken);
  const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken: token };
  return { ...livingFrom(from, token, ends - from), ...keys };
}

/** The text of the one element of that name: the answer has four that matter, and none has anything to escape. */
function elementOf(xml: string, name: string, text: string): string | undefined {
  const found = [...xml.matchAll(new RegExp(`<${name}>\\s*(${text})\\s*</${name}>`, 'g'))];
  return found.length === 1 ? found[0]?.[1] : undefined;
}
