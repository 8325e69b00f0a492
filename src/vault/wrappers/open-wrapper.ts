import type { Clock, Secret } from '#kernel';
import { AwsKmsWrapper, type AwsKmsSettings } from './aws-kms.ts';
import type { AwsCredentials } from './aws-signature.ts';
import { openKeyFile } from './key-file.ts';
import { KeyInMemory } from './key-in-memory.ts';
import type { HttpPost, KeyWrapper } from './key-wrapper.ts';
import { parseStrongKey } from './strong-key.ts';
import { TransitWrapper, type TransitSettings } from './transit.ts';

/** Which wrapping key, as the configuration says it. Credentials are asked for when they are used. */
export type WrapperSettings =
  | { readonly type: 'file'; readonly file: string }
  /** 32 bytes in base64, from an environment variable or a mounted file. */
  | { readonly type: 'given'; readonly key: Secret; readonly where: string }
  | ({
      readonly type: 'transit';
      readonly token: () => Secret | Promise<Secret>;
      readonly http: HttpPost;
    } & TransitSettings)
  | ({
      readonly type: 'aws-kms';
      readonly credentials: () => AwsCredentials | Promise<AwsCredentials>;
      readonly http: HttpPost;
    } & AwsKmsSettings);

/** The wrapper of these settings; `create` lets a key file be made where there is none. Throws as the kinds do. */
export function openWrapper(settings: WrapperSettings, create: boolean, clock: Clock): KeyWrapper {
  switch (settings.type) {
    case 'file':
      return openKeyFile(settings.file, create);
    case 'given':
      return new KeyInMemory('given', parseStrongKey(settings.key, settings.where));
    case 'transit':
      return new TransitWrapper(settings, settings.token, settings.http);
    case 'aws-kms':
      return new AwsKmsWrapper(settings, { credentials: settings.credentials, http: settings.http, clock });
  }
}
