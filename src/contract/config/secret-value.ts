/** Fields that take a secret as a text, or name one of the vault. */
import { z } from 'zod';
import { Secret } from '#kernel';
import { parseSecretReference, SECRET_SCHEME, type SecretReference } from '../secret.ts';
import { schemasAt } from './schema-fields.ts';
import type { FieldPath } from './position.ts';

/** What such a field gives: the text itself, or where the vault has it. */
export type SecretValue = Secret | SecretReference;

/** `secret://namespace/name[#version]` and nothing else. */
export const secretReference = z
  .string()
  .transform((text, context): SecretReference => {
    const parsed = parseSecretReference(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.error });
    return z.NEVER;
  })
  .meta({ title: 'secret of the vault', fromVault: true });

/**
 * A key or a password of a source: a text, which becomes a `Secret` (of a `file:///…` the loader reads
 * the contents), or a reference, which is followed when the source connects.
 *
 * A reference is a whole value: in the middle of a text it would be sent as it stands.
 */
export const secretValue = z
  .string()
  .transform((text, context): SecretValue => {
    if (!text.includes(SECRET_SCHEME)) return new Secret(text);
    const parsed = parseSecretReference(text);
    if (parsed.ok) return parsed.value;
    const message = text.startsWith(SECRET_SCHEME)
      ? parsed.error
      : 'a `secret://…` reference is the whole value or none; `auth: { secret: … }` knows how each kind of secret is sent';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({ title: 'secret', fromVault: true });

/** Whether the field at a path of the schema may name a secret of the vault. */
export function takesVaultSecret(schema: z.core.$ZodType, path: FieldPath): boolean {
  return schemasAt(schema, path).some(isVaultField);
}

function isVaultField(schema: z.core.$ZodType): boolean {
  for (let layer: z.core.$ZodType | undefined = schema; layer !== undefined; layer = innerOf(layer)) {
    if (z.globalRegistry.get(layer)?.['fromVault'] === true) return true;
  }
  return false;
}

const innerOf = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodDefault ? schema._zod.def.innerType : undefined;
