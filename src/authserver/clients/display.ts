import { parseRedirectUri } from '#contract';
import type { OAuthClient } from './client.ts';

/** What people who consent are told of a client. Texts, to be escaped where they are shown. */
export interface ClientDisplay {
  readonly name: string;
  /** The host that its metadata document came from, as it is known for certain; undefined for others. */
  readonly host: string | undefined;
  /** Where the code goes: a host, or the scheme of an app. */
  readonly redirectHost: string;
  /** Whoever runs this server declared it. Of all others the name is what they say themselves. */
  readonly verified: boolean;
  readonly origin: OAuthClient['origin'];
  /** Codes go to the machine of the person alone: any program there may be behind the name. */
  readonly localhostOnly: boolean;
}

/** `redirectUri` is that of the request, which was checked to be one of the client's. */
export function displayOf(client: OAuthClient, redirectUri?: string): ClientDisplay {
  const parsed = client.redirectUris.map((uri) => parseRedirectUri(uri));
  const chosen = redirectUri === undefined ? parsed[0] : parseRedirectUri(redirectUri);
  return {
    name: client.name ?? client.clientId,
    host: client.origin === 'document' ? URL.parse(client.clientId)?.host : undefined,
    redirectHost: chosen?.ok === true ? chosen.value.host : '',
    verified: client.origin === 'declared',
    origin: client.origin,
    localhostOnly: parsed.length > 0 && parsed.every((one) => one.ok && one.value.isLocal),
  };
}
