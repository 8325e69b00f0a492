import type { CredentialRefusal } from '#contract';
import { err, ok, type JsonObject, type JsonValue, type Result } from '#kernel';
import { ASK_MS, unavailable } from './introspection.ts';
import type { ProviderClient } from './provider-client.ts';

/** Where Google answers. */
export interface GooglePlaces {
  readonly issuer: string;
  readonly keys: string;
  readonly tokenInfo: string;
}

export const GOOGLE: GooglePlaces = {
  issuer: 'https://accounts.google.com',
  keys: 'https://www.googleapis.com/oauth2/v3/certs',
  tokenInfo: 'https://oauth2.googleapis.com/tokeninfo',
};

/** What Google's opaque access tokens begin with; no other opaque token is shown to Google. */
export const isGoogleToken = (token: string): boolean => token.startsWith('ya29.');

/** Asks Google about one of its access tokens; the claims as a JWT would have them. Never rejects. */
export async function googleTokenInfo(
  token: string,
  client: ProviderClient,
  places: GooglePlaces,
): Promise<Result<JsonObject, CredentialRefusal>> {
  const form = new URLSearchParams({ access_token: token });
  const answer = await client.post(new URL(places.tokenInfo), form, ASK_MS);
  if (!answer.ok) return unavailable(answer.error);
  const { status, json } = answer.value;
  if (status === 400) return err({ reason: 'mismatch', detail: 'Google does not know the token' });
  if (status !== 200 || json === undefined) return unavailable(`Google answered with status ${status}`);
  return ok({ ...withoutUnverifiedEmail(json), iss: places.issuer, exp: numberOf(json['exp']) });
}

/** An address that Google has not verified may be anybody's. */
export function withoutUnverifiedEmail(claims: JsonObject): JsonObject {
  const { email: _, ...others } = claims;
  return claims['email_verified'] === true || claims['email_verified'] === 'true' ? claims : others;
}

/** Google writes numbers as texts. */
const numberOf = (value: JsonValue | undefined): JsonValue =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : (value ?? null);
