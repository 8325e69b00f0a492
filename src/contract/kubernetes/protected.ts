/** What an MCPServer and an MCPGateway have in common: each is an owner, and callers come to it with tokens. */
import { z } from 'zod';
import { ownerSchema } from '../config/owner.ts';
import { listSet, ordered } from './lists.ts';
import { authServerRef, besideRef, configMapKeyRef } from './references.ts';
import { httpsUrl, line, scope, upstreamName } from './scalars.ts';
import { certificateStatus, workloadStatusFields } from './status.ts';
import { exposure, image, network, podTemplate } from './workload.ts';

const owner = ownerSchema.shape;

/** As `kind: owner` has it, whose check is the last word. */
const resourceUrl = httpsUrl
  .regex(/^https:\/\/[^/]+(\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)*\/?$/, {
    error:
      'a resource is an https URL without query, fragment, user name, `%` and `//` in its path, and no part of it begins with a dot (RFC 8707 §2)',
  })
  .refine((text) => owner.resource.safeParse(text).success, {
    error: 'a resource is written as URL parsers give it back (RFC 8707 §2)',
  });

/** The fields of the spec of every owner. */
export const ownerFields = {
  resourceUrl: resourceUrl.describe(
    'Its URL, which clients ask tokens for (RFC 8707) and which is their audience. Of two objects that claim one, the older has it.',
  ),
  authServerRef: authServerRef
    .optional()
    .describe(
      'The MCPAuthServer whose tokens open it; the one of the `authServer` in its outgoing authorization without it.',
    ),
  scopes: listSet(scope, 200)
    .optional()
    .describe(owner.scopes.description ?? ''),
  upstreams: listSet(upstreamName, 50)
    .optional()
    .describe(
      'The upstreams whose tokens it may be given for people who consent, beside those that its outgoing authorization names.',
    ),
  policyRefs: ordered(configMapKeyRef, 50)
    .optional()
    .describe(
      'Policies that decide calls, each a document of `kind: policy`. Without one, whoever has a token of the authorization server may call.',
    ),
  expose: exposure.optional().describe('How it is reached from outside the cluster; by nothing of ours without it.'),
  network: network.prefault({}).describe('What the NetworkPolicies of the pods let through.'),
  podTemplate,
};

export const proxyImage = image.optional().describe('The image of Chatelaine; that of the operator without it.');
export const externalAuthConfigRef = besideRef('MCPExternalAuthConfig');
export const groupRef = besideRef('MCPGroup');

/** The fields of the status of every owner. */
export const ownerStatusFields = {
  ...workloadStatusFields,
  url: httpsUrl.optional().describe('Where clients reach it.'),
  spiffeId: line(2048).optional().describe('Who it is at the authorization server, as the operator decided.'),
  clientCertificate: certificateStatus.optional().describe('The certificate that says so.'),
};

/** What its configuration was made from. */
export const references = ordered(
  z.strictObject({
    kind: line(63).describe('The kind of the object.'),
    name: line(253).describe('Its name.'),
    hash: line(128).describe('The digest of what was used of it.'),
  }),
  200,
)
  .optional()
  .describe('The objects that its configuration was made from, as they were.');
