import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { namespaceName, resourceName } from './common.ts';

const file = z.string().refine(isAbsolute, { error: 'this is not an absolute path' });

const named = {
  namespace: namespaceName.describe('The namespace whose documents may use it.'),
  name: resourceName.describe('What `secret://namespace/name` calls it.'),
};

const kind = <const Kind extends string>(name: Kind) =>
  z.literal(name).describe('Its kind, with the fields that secrets of the kind have in the vault.');

const mountedSecretSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: kind('api-key'), ...named, key: file.describe('The file of the key.') }),
  z.strictObject({ kind: kind('bearer'), ...named, token: file.describe('The file of the token.') }),
  z.strictObject({ kind: kind('password'), ...named, password: file.describe('The file of the password.') }),
  z.strictObject({
    kind: kind('oauth-client'),
    ...named,
    clientId: z.string().min(1).max(512).describe('The client; nothing about it is secret.'),
    clientSecret: file.describe('The file of its secret.'),
  }),
]);

/** `vault.mounted` of `kind: server`: secrets that are files, such as those of Kubernetes, under the names of the vault. */
export const mountedSecretsSchema = z
  .array(mountedSecretSchema)
  .max(1000)
  .default([])
  .superRefine((secrets, context) => {
    const names = secrets.map(({ namespace, name }) => `${namespace}/${name}`);
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `\`${name}\` stands there twice` });
  });

export type MountedSecret = z.output<typeof mountedSecretSchema>;
