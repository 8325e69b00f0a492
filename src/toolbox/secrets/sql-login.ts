/** How a SQL source signs in: `user` and `password`, or a whole credential of the vault (`auth`). */
import { z } from 'zod';
import { secretReference, type SecretReference, type SecretValue } from '#contract';
import { Secret } from '#kernel';
import type { SourceSecrets } from './source-secrets.ts';

/** `auth:` of SQL sources. */
export const sqlAuthField = z
  .strictObject({
    secret: secretReference.describe(
      'A `password`, a `basic` credential, which brings its own user, or an `mtls` client certificate.',
    ),
  })
  .describe('How to sign in with a secret of the vault, in the place of `password`.');

interface SignIn {
  readonly user: string;
  readonly password?: SecretValue | undefined;
  readonly auth?: { readonly secret: SecretReference } | undefined;
}

export interface SqlLogin {
  readonly user: string;
  /** Empty where a certificate speaks for us. */
  readonly password: Secret;
  readonly certificate?: { readonly cert: string; readonly key: Secret };
}

/** What a login depends on, for `SourceSecrets.stamp`. */
export const referencesOf = ({ password, auth }: SignIn): readonly (SecretValue | undefined)[] => [
  password,
  auth?.secret,
];

/** For schemas: both ways to sign in contradict each other. */
export const hasOneSignIn = ({ password, auth }: { readonly password?: unknown; readonly auth?: unknown }): boolean =>
  password === undefined || auth === undefined;

/** What schemas say then. */
export const ONE_SIGN_IN = {
  path: ['auth'],
  error: '`password` and `auth` are two ways to sign in; keep one',
  params: { problem: 'CONTRADICTION' },
};

/** What to sign in with now. Rejects with `SECRET_UNAVAILABLE`. */
export async function sqlLogin({ user, password, auth }: SignIn, secrets: SourceSecrets): Promise<SqlLogin> {
  if (auth === undefined) return { user, password: await secrets.text(password ?? new Secret('')) };
  const { material } = await secrets.held(auth.secret);
  switch (material.kind) {
    case 'password':
      return { user, password: material.password };
    case 'basic':
      return { user: material.username, password: material.password };
    case 'mtls':
      return {
        user,
        password: new Secret(''),
        certificate: { cert: material.certificate, key: material.privateKey },
      };
    case 'api-key':
    case 'bearer':
    case 'oauth-client':
      throw secrets.unfit(auth.secret, `is of the kind \`${material.kind}\`, with which no database is signed in to`);
  }
}
