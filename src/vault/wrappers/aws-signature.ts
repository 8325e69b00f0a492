import { createHmac } from 'node:crypto';
import { reveal, sha256Hex, type Secret } from '#kernel';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Of temporary credentials. */
  readonly sessionToken?: Secret | undefined;
}

export interface AwsRequest {
  readonly method: 'GET' | 'POST';
  /** Without a query: the services that we call have none. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
}

/**
 * The headers of the request with its signature, AWS Signature Version 4 over all of them, the host
 * and the body. `now` in milliseconds; AWS accepts five minutes either way.
 */
export function signAwsRequest(request: AwsRequest, credentials: AwsCredentials, now: number): Record<string, string> {
  const moment = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = moment.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': moment,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': reveal(credentials.sessionToken) }),
  };
  const signed = Object.entries({ ...headers, host: request.url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/ +/g, ' ')] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    request.url.pathname,
    '',
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256Hex(request.body),
  ].join('\n');
  const scope = `${day}/${request.region}/${request.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, sha256Hex(canonical)].join('\n');
  let key: string | Buffer = `AWS4${reveal(credentials.secretAccessKey)}`;
  for (const part of scope.split('/')) key = hmac(key, part);
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
