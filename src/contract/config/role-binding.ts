import { z } from 'zod';
import { ROLES } from '../principal.ts';
import { absoluteUrl, namespaceName, resourceName } from './common.ts';

const HOLDERS = ['user', 'group', 'agent'] as const;

/** `kind: roleBinding`: a role, given by the configuration to one user, group or agent. */
export const roleBindingSchema = z
  .strictObject({
    kind: z.literal('roleBinding'),
    namespace: namespaceName,
    name: resourceName.describe('What the binding is called.'),
    role: z.enum(ROLES).describe('The role that is given.'),
    everywhere: z
      .boolean()
      .default(false)
      .describe('Whether the role holds in every namespace, not in `namespace` alone.'),
    user: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('The login name of a user of our own; with `issuer`, the subject that the issuer knows a user by.'),
    group: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('A group of our own, of `namespace` or global; with `issuer`, a group that the issuer names.'),
    agent: z.string().min(1).max(128).optional().describe('An agent of `namespace`.'),
    issuer: absoluteUrl('https', 'http')
      .optional()
      .describe('The identity provider that vouches for the user or names the group.'),
  })
  .superRefine((binding, context) => {
    const given = HOLDERS.filter((holder) => binding[holder] !== undefined);
    if (given.length !== 1) {
      const which = given.length === 0 ? 'none' : `\`${given.join('` and `')}\``;
      context.addIssue({
        code: 'custom',
        path: [given[1] ?? 'role'],
        message: `a binding gives its role to exactly one \`user\`, \`group\` or \`agent\`, and this one names ${which}`,
        params: { problem: 'CONTRADICTION' },
      });
    }
    if (binding.agent !== undefined && binding.issuer !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['issuer'],
        message: 'agents are our own: no `issuer` knows them',
        params: { problem: 'CONTRADICTION' },
      });
    }
  });

export type RoleBindingCommon = z.output<typeof roleBindingSchema>;
