import { z } from 'zod';
import { ChatelaineError, reveal, Secret } from '#kernel';
import type { Place } from '#vault';

/** Whose tokens for whom at which provider: there is one grant for each. */
export interface GrantKey {
  readonly userId: string;
  /** `namespace/name`. */
  readonly owner: string;
  readonly upstream: string;
}

/** A grant, without what is sealed. */
export interface Grant extends GrantKey {
  readonly id: string;
  readonly status: 'active' | 'reauth_required';
  readonly scopes: readonly string[];
  /** When the access token ends; null where the provider did not say. */
  readonly expiresAt: number | null;
  readonly version: number;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What is sealed of a grant. */
export interface GrantTokens {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | undefined;
  readonly idToken: Secret | undefined;
  /** Whose tokens they are, and who the person is there. A name in the configuration may come to mean another. */
  readonly issuer: string;
  readonly subject: string;
  /** What the person is called there, for themselves to see which account it is. Empty where nobody says it. */
  readonly account: string | undefined;
  /** The issuer that gave them, where `issuer` is the server that they are for. */
  readonly givenBy?: string | undefined;
}

/**
 * Where the tokens of a grant lie. User, owner and upstream are part of it: whoever can write in the database
 * can give a row to somebody else, and then it opens for nobody.
 */
export const tokensPlace = ({ id, userId, owner, upstream }: GrantKey & { readonly id: string }): Place => ({
  table: 'grants',
  column: 'tokens',
  row: id,
  owner: JSON.stringify([userId, owner, upstream]),
});

const sealedTokens = z.strictObject({
  issuer: z.string(),
  subject: z.string(),
  access: z.string(),
  refresh: z.string().optional(),
  id: z.string().optional(),
  account: z.string().optional(),
  by: z.string().optional(),
});

export const sealable = ({ issuer, subject, account, givenBy, ...tokens }: GrantTokens): Secret =>
  new Secret(
    JSON.stringify({
      issuer,
      subject,
      access: reveal(tokens.accessToken),
      ...(tokens.refreshToken !== undefined && { refresh: reveal(tokens.refreshToken) }),
      ...(tokens.idToken !== undefined && { id: reveal(tokens.idToken) }),
      ...(account !== undefined && { account }),
      ...(givenBy !== undefined && { by: givenBy }),
    }),
  );

export function unsealed(text: Secret): GrantTokens {
  const { issuer, subject, account, access, refresh, id, by: givenBy } = sealedTokens.parse(JSON.parse(reveal(text)));
  const secret = (token: string | undefined) => (token === undefined ? undefined : new Secret(token));
  const tokens = { accessToken: new Secret(access), refreshToken: secret(refresh), idToken: secret(id) };
  return { issuer, subject, account, givenBy, ...tokens };
}

/** The grant as records name it: by ids, and by the owner. */
export function grantObject({ id, owner }: Pick<Grant, 'id' | 'owner'>) {
  const [namespace = owner, name = owner] = owner.split('/');
  return { kind: 'grant', namespace, name, id };
}

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof ChatelaineError && error.code === code;
