import type { interactionPolicy } from 'oidc-provider';

/**
 * When a person is asked. The provider's own rules, and one before them: whoever is not signed in here, or is
 * somebody else than the provider remembers, signs in. The session of the browser belongs to identity; what the
 * provider remembers of it is never more than that.
 */
export function policyOf(
  { base, Check }: typeof interactionPolicy,
  isSignedInAs: (request: object) => string | undefined,
): ReturnType<typeof interactionPolicy.base> {
  const policy = base();
  policy.get('login')?.checks.add(
    new Check('browser_session', 'the session of the browser has ended', 'login_required', (ctx) => {
      const { session } = ctx.oidc;
      return session?.accountId !== undefined && isSignedInAs(ctx.req) !== session.accountId;
    }),
  );
  return policy;
}
