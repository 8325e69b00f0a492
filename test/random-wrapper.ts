import { randomBytes } from 'node:crypto';
import { Secret } from '#kernel';
import type { WrapperSettings } from '#vault';

/** What wraps the keys of a vault of a test: a new random key. */
export const randomWrapper = (): WrapperSettings => ({
  type: 'given',
  key: new Secret(randomBytes(32).toString('base64')),
  where: 'the test key',
});
