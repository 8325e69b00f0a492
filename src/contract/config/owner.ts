import { z } from 'zod';
import { canonicalResource } from '../canonical-resource.ts';
import { parseOwnerId } from '../owner-id.ts';
import { isLoopbackHost, namespaceName, resourceName, scopeToken } from './common.ts';

/** Who owns every door of this server, as `namespace/name`. No document can be called that. */
export const GATEWAY_OWNER = 'default/gateway';

const resource = z
  .string()
  .refine((text) => canonicalResource(text) !== undefined, {
    error:
      'a resource is an absolute URL without query, fragment, user name, `..`, `%` and `//` in its path (RFC 8707 §2)',
    abort: true,
  })
  .refine((text) => (({ protocol, hostname }) => protocol === 'https:' || isLoopbackHost(hostname))(new URL(text)), {
    error: 'tokens for it would cross the network in the clear; plain http is accepted for this machine alone',
    params: { problem: 'UNENFORCEABLE' },
  })
  .meta({ title: 'resource' });

/** `kind: owner`: a resource outside of this server, for which the authorization server issues tokens. */
export const ownerSchema = z
  .strictObject({
    kind: z.literal('owner'),
    namespace: namespaceName,
    name: resourceName.describe('What the owner is called: `namespace/name`.'),
    resource: resource.describe('Its URL, which clients ask tokens for (RFC 8707) and which is their audience.'),
    scopes: z.array(scopeToken).max(200).default([]).describe('What may be asked for there.'),
    upstreams: z
      .array(resourceName)
      .max(50)
      .default([])
      .describe('The upstreams whose tokens it may be given for people who consent; of any namespace, by name.'),
    spiffeId: z
      .string()
      .optional()
      .describe(
        'The whole SPIFFE ID of its certificate, `spiffe://trust-domain/ns/{namespace}/{mcpserver|gateway|proxy}/{name}`: who shows it at `internalListener` may exchange tokens of its sessions.',
      ),
    uid: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,128}$/, { error: 'a uid has 1 to 128 letters, digits, `.`, `_` and `-`' })
      .optional()
      .describe(
        'What tells it from an earlier one of the same name, such as the uid of its object in Kubernetes: sessions of the earlier one are not its.',
      ),
  })
  .superRefine(({ namespace, name, upstreams, spiffeId, uid }, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    const id = spiffeId === undefined ? undefined : parseOwnerId(spiffeId);
    if (id?.ok === false) refuse('spiffeId', `\`${spiffeId}\` names no owner: ${id.error}`);
    // So an owner has one identity and an identity one owner, whatever else the documents say.
    else if (id?.ok && (id.value.namespace !== namespace || id.value.name !== name))
      refuse(
        'spiffeId',
        `\`${spiffeId}\` is that of \`${id.value.namespace}/${id.value.name}\`, and this is \`${namespace}/${name}\``,
      );
    if (uid !== undefined && spiffeId === undefined)
      refuse('uid', 'a uid goes with `spiffeId`, whose sessions it tells apart');
    if (`${namespace}/${name}` === GATEWAY_OWNER)
      context.addIssue({
        code: 'custom',
        path: ['name'],
        message: `\`${GATEWAY_OWNER}\` is this server itself, which owns its own doors`,
        params: { problem: 'NAME_TAKEN' },
      });
    const again = upstreams.findIndex((one, index) => upstreams.indexOf(one) !== index);
    if (again === -1) return;
    context.addIssue({ code: 'custom', path: ['upstreams', again], message: `\`${upstreams[again]}\` is named twice` });
  });

export type OwnerCommon = z.output<typeof ownerSchema>;
