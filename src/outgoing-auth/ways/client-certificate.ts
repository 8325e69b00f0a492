import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { OutgoingAuthOf } from '#contract';
import { Secret, sha256Hex, type Clock } from '#kernel';
import { outgoingError } from '../errors.ts';
import type { OutgoingAuth, SentSecrets, TlsIdentity } from '../outgoing-auth.ts';
import type { OutgoingAuthParts, OutgoingSecrets } from '../parts.ts';
import { NOTHING } from './nothing.ts';
import { identityIn } from './static-secret.ts';

type Config = OutgoingAuthOf<'clientCertificate'>;

/** How long files are believed, so that a certificate that was renewed is shown within a second. */
const BELIEVED_MS = 1000;

/** Who we are, said in the TLS connection: a certificate of the vault, or one in files that somebody renews (an SVID). */
export class ClientCertificate implements OutgoingAuth {
  readonly perCaller = false;
  readonly #config: Config;
  readonly #secrets: OutgoingSecrets;
  readonly #directory: string;
  readonly #clock: Clock;
  #known: { readonly at: number; readonly identity: Promise<TlsIdentity> } | undefined;

  constructor(config: Config, parts: OutgoingAuthParts) {
    this.#config = config;
    this.#secrets = parts.secrets;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
  }

  headers(): Promise<SentSecrets> {
    return Promise.resolve(NOTHING);
  }

  refused(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** Rejects with `OUTGOING_FILE_UNREADABLE`, and for a secret that is no certificate. */
  async identity(): Promise<TlsIdentity> {
    const { secret } = this.#config;
    if (secret === undefined) return await this.#inFiles();
    const { material, version } = await this.#secrets.held(secret);
    const identity = identityIn(material, version);
    if (identity !== undefined) return identity;
    throw this.#secrets.unfit(secret, `is of the kind \`${material.kind}\`, and no client certificate`);
  }

  #inFiles(): Promise<TlsIdentity> {
    const now = this.#clock.now();
    const known = this.#known;
    if (known !== undefined && now >= known.at && now < known.at + BELIEVED_MS) return known.identity;
    const identity = this.#read();
    const reading = (this.#known = { at: now, identity });
    identity.catch(() => this.#known === reading && (this.#known = undefined));
    return identity;
  }

  async #read(): Promise<TlsIdentity> {
    const [cert, key] = await Promise.all([this.#file('certificate'), this.#file('key')]);
    return { stamp: sha256Hex(`${cert}\n${key}`), cert, key: new Secret(key) };
  }

  async #file(field: 'certificate' | 'key'): Promise<string> {
    try {
      return await readFile(resolve(this.#directory, this.#config[field] ?? ''), 'utf8');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw outgoingError('OUTGOING_FILE_UNREADABLE', `the file of \`auth.${field}\` cannot be read (${code})`);
    }
  }
}
