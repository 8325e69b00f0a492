import { z } from 'zod';
import { issuerTlsSchema, network } from './egress.ts';
import { isLoopbackHost, namespaceName, resourceName, scopeToken } from './common.ts';
import { secretValue } from './secret-value.ts';

/**
 * An issuer's URL. Keys fetched over plain http can be exchanged on the way, and with them every
 * token; only this machine is exempt.
 */
const issuerUrl = z
  .string()
  .refine(
    (text) => {
      const url = URL.parse(text);
      return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)));
    },
    {
      error: 'this is not an https URL; plain http is accepted for this machine alone',
      params: { problem: 'UNENFORCEABLE' },
    },
  )
  .meta({ title: 'https URL' });

const common = {
  kind: z.literal('authService'),
  namespace: namespaceName,
  name: resourceName.describe('The name in `authRequired` and `authServices`; native tokens arrive as `{name}_token`.'),
  mcpEnabled: z.boolean().default(false).describe('Tokens of this service are accepted as `Authorization: Bearer`.'),
  scopesRequired: z
    .array(scopeToken)
    .optional()
    .describe('Scopes that every credential needs at the doors of the namespace, those of API keys too.'),
  otherAudiences: z
    .array(z.string().min(1))
    .optional()
    .describe('What the `aud` claim may name beside the audience; a token for anybody else as well is refused.'),
};

/** `kind: authService`, `type: google`. */
export const googleAuthServiceSchema = z
  .strictObject({
    ...common,
    type: z.literal('google'),
    clientId: z.string().min(1).optional().describe('The audience of ID tokens.'),
    audience: z.string().min(1).optional().describe('The audience of bearer tokens; `clientId` where absent.'),
  })
  .superRefine((service, context) => {
    refuseWithoutMcp(service, ['audience', 'scopesRequired'], context);
    if (service.clientId === undefined && service.audience === undefined) {
      context.addIssue({
        code: 'custom',
        path: [],
        message: service.mcpEnabled
          ? 'neither `audience` nor `clientId` is given, so a token for any application would be accepted'
          : '`clientId` is missing',
        params: { problem: service.mcpEnabled ? 'UNENFORCEABLE' : 'FIELD_MISSING' },
      });
    }
  });

/** `kind: authService`, `type: generic`: any OpenID Connect provider. */
export const genericAuthServiceSchema = z
  .strictObject({
    ...common,
    type: z.literal('generic'),
    audience: z.string().min(1).describe('What the `aud` claim must hold.'),
    authorizationServer: issuerUrl.describe('The issuer; its OpenID configuration is discovered.'),
    introspectionEndpoint: issuerUrl.optional().describe('Where opaque tokens are introspected; discovered otherwise.'),
    introspectionMethod: z.enum(['GET', 'POST']).optional().describe('How; `POST` unless said otherwise.'),
    introspectionParamName: z.string().min(1).optional().describe('The name of the parameter; `token` otherwise.'),
    forceIntrospection: z.boolean().optional().describe('Introspect tokens that look like JWTs, too.'),
    introspectionClientId: z
      .string()
      .min(1)
      .optional()
      .describe('Who asks at the introspection endpoint; `INTROSPECTION_CLIENT_ID` of the environment otherwise.'),
    introspectionClientSecret: secretValue
      .optional()
      .describe('The secret that goes with it; `INTROSPECTION_CLIENT_SECRET` of the environment otherwise.'),
    allowPrivateNetworks: z
      .boolean()
      .default(false)
      .describe('The issuer may be on a private network; one on this machine may anyhow when its URL says so.'),
    allowedIpRanges: z
      .array(network)
      .default([])
      .describe('Addresses and networks that the issuer may be on although they are not public.'),
    tls: issuerTlsSchema
      .optional()
      .describe('Whom to trust as the issuer over https, where that is not whom the system trusts.'),
  })
  .superRefine((service, context) => {
    refuseWithoutMcp(
      service,
      [
        'scopesRequired',
        'introspectionEndpoint',
        'introspectionMethod',
        'introspectionParamName',
        'forceIntrospection',
        'introspectionClientId',
        'introspectionClientSecret',
      ],
      context,
    );
    const { introspectionClientId: id, introspectionClientSecret: secret } = service;
    if ((id === undefined) !== (secret === undefined)) {
      context.addIssue({
        code: 'custom',
        path: [id === undefined ? 'introspectionClientSecret' : 'introspectionClientId'],
        message: '`introspectionClientId` and `introspectionClientSecret` belong together: give both or neither',
        params: { problem: 'UNENFORCEABLE' },
      });
    }
  });

/** Fields that nothing would check in native mode; accepted silently, they would look like protection. */
function refuseWithoutMcp<Service extends { mcpEnabled: boolean }>(
  service: Service,
  fields: readonly (keyof Service & string)[],
  context: z.RefinementCtx,
): void {
  if (service.mcpEnabled) return;
  for (const field of fields) {
    if (service[field] === undefined || service[field] === false) continue;
    context.addIssue({
      code: 'custom',
      path: [field],
      message: `\`${field}\` has no effect without \`mcpEnabled: true\`; set that or take the field away`,
      params: { problem: 'UNENFORCEABLE' },
    });
  }
}

export type GoogleAuthService = z.output<typeof googleAuthServiceSchema>;
export type GenericAuthService = z.output<typeof genericAuthServiceSchema>;
export type AuthServiceCommon = z.output<typeof googleAuthServiceSchema> | z.output<typeof genericAuthServiceSchema>;
