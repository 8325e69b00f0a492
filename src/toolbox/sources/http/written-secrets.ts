import type { Secret } from '#kernel';
import { secretParts } from '#outgoing-auth';

const CREDENTIAL_NAME = /auth|cookie|key|token|secret|passw|credential|session|signature/i;

/** The secrets in a header or query parameter that the configuration wrote itself, judged by its name. */
export const writtenSecrets = (name: string, value: Secret): readonly Secret[] =>
  CREDENTIAL_NAME.test(name) ? secretParts(value) : [];
