import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyWrapperSettings, TlsClientSettings } from '#contract';
import { Secret } from '#kernel';
import { httpsPost, type HttpPost, type WrapperSettings } from '#vault';
import { mainError } from '../errors.ts';

/** The wrapping key that a configuration names, as the vault opens it. */
export function wrapperSettings(settings: KeyWrapperSettings, dataDir: string): WrapperSettings {
  switch (settings.type) {
    case 'file':
      return { type: 'file', file: settings.file ?? join(dataDir, 'vault.key') };
    case 'value':
      return { type: 'given', key: settings.key, where: '`vault.keyWrapper.key`' };
    case 'transit': {
      const { token, tokenFile, tls, ...rest } = settings;
      return { ...rest, token: () => token ?? readToken(tokenFile as string), http: httpFor(tls) };
    }
    case 'aws-kms': {
      const { accessKeyId, secretAccessKey, sessionToken, tls, ...rest } = settings;
      return { ...rest, credentials: () => ({ accessKeyId, secretAccessKey, sessionToken }), http: httpFor(tls) };
    }
  }
}

const httpFor = (tls: TlsClientSettings | undefined): HttpPost => (tls === undefined ? fetch : httpsPost(tls));

/** At each use: whoever renews the token writes it there. */
function readToken(file: string): Secret {
  try {
    return new Secret(readFileSync(file, 'utf8').trim());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw mainError('TOKEN_FILE_UNREADABLE', `\`${file}\` cannot be read (${code ?? 'unknown reason'})`, { cause });
  }
}
