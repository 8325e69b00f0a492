import { readFileSync } from 'node:fs';

let text: string | undefined;

/** The vocabulary of policies: the text of `schema.cedarschema`, read by the first who checks a policy. */
export const policySchemaText = (): string =>
  (text ??= readFileSync(new URL('../schema.cedarschema', import.meta.url), 'utf8'));
