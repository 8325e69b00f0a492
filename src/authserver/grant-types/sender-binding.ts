import type { AccessToken, errors as providerErrors, KoaContextWithOIDC } from 'oidc-provider';

/**
 * Binds a token to the key that the client proved to have (RFC 9449 §5; RFC 8705 §3), as the provider's own grants
 * do. Throws where a client that takes bound tokens alone proved none, and for a proof that was used before.
 */
export async function bindToSender(
  ctx: KoaContextWithOIDC,
  token: AccessToken,
  errors: typeof providerErrors,
): Promise<void> {
  const { validateDpop, checkDpopReplay, checkDpopRequired, checkMtlsCert } =
    await import('oidc-provider/lib/helpers/grants.js');
  const { provider, client } = ctx.oidc;
  if (client === undefined) throw new errors.InvalidClient('the client is not known');
  const proof = await validateDpop(provider, ctx);
  checkDpopRequired(provider, ctx, proof);
  const certificate = checkMtlsCert(provider, ctx);
  if (certificate !== undefined) token.setThumbprint('x5t', certificate);
  await checkDpopReplay(provider, ctx, proof, client.clientId, errors.InvalidGrant);
  if (proof !== undefined) token.setThumbprint('jkt', proof.thumbprint);
}

/** The one resource of the request, as far as the client may ask for it. Throws `invalid_target`. */
export async function resourceOf(ctx: KoaContextWithOIDC, resource: string, errors: typeof providerErrors) {
  const { resolveRequestedResources } = await import('oidc-provider/lib/helpers/grants.js');
  const { params } = ctx.oidc;
  if (params === undefined) throw new errors.InvalidRequest('the request has no parameters');
  params['resource'] = resource;
  const [only] = await resolveRequestedResources(ctx.oidc.provider, ctx);
  if (only === undefined) throw new errors.InvalidTarget('nothing here has that resource indicator');
  return only;
}
