import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CallerFace, OutgoingAuthOf } from '#contract';
import { reveal, Secret, sha256Hex } from '#kernel';
import { outgoingError } from '../errors.ts';
import type { OutgoingAuth, OutgoingRequest, SentSecrets } from '../outgoing-auth.ts';
import type { OutgoingAuthParts } from '../parts.ts';
import { assumeRole, type AwsSession } from '../tokens/assume-role.ts';
import { endingWith } from '../tokens/access-token.ts';
import { callerToken } from '../tokens/caller-token.ts';
import { TokenCache } from '../tokens/token-cache.ts';

type Config = OutgoingAuthOf<'awsSts'>;

/** Whose token stands behind a session: a caller's, or that of this workload. */
interface WebIdentity {
  readonly token: Secret;
  /** Tells sessions apart, here and in the records of AWS; nobody is named. */
  readonly of: string;
  readonly endsAt: number;
}

/**
 * A role of AWS that the caller's token at an identity provider opens, or one of this workload's
 * (`AssumeRoleWithWebIdentity`); each request is signed with the session's keys (Signature Version 4). No key of AWS is
 * kept anywhere.
 */
export class AwsSts implements OutgoingAuth {
  readonly perCaller: boolean;
  readonly #config: Config;
  readonly #parts: OutgoingAuthParts;
  readonly #sessions: TokenCache<AwsSession>;

  constructor(config: Config, parts: OutgoingAuthParts) {
    this.perCaller = config.upstream !== undefined;
    this.#config = config;
    this.#parts = parts;
    this.#sessions = new TokenCache(parts.clock);
  }

  async headers(caller: CallerFace, request: OutgoingRequest): Promise<SentSecrets> {
    const identity = await this.#identity(caller);
    const session = await this.#sessions.token(`${identity.of} ${sha256Hex(reveal(identity.token))}`, async () =>
      endingWith(await assumeRole(this.#config, identity, this.#parts), identity.endsAt),
    );
    return await this.#sign(request, session);
  }

  /** AWS says 403 to what the role may not do as well: another session of the role would be refused alike. */
  refused(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async #identity(caller: CallerFace): Promise<WebIdentity> {
    const { upstream, subject = 'id_token', webIdentityFile = '' } = this.#config;
    if (upstream === undefined) return { token: await this.#inFile(webIdentityFile), of: 'workload', endsAt: Infinity };
    const held = await callerToken(caller, upstream, subject === 'id_token' ? subject : undefined);
    const { accessToken: token, expiresInSeconds } = held;
    const endsAt = expiresInSeconds === undefined ? Infinity : this.#parts.clock.now() + expiresInSeconds * 1000;
    return { token, of: caller.context, endsAt };
  }

  /** Read each time: the platform replaces it. */
  async #inFile(file: string): Promise<Secret> {
    try {
      return new Secret((await readFile(resolve(this.#parts.directory, file), 'utf8')).trim());
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw outgoingError('OUTGOING_FILE_UNREADABLE', `\`auth.webIdentityFile\` cannot be read (${code})`);
    }
  }

  async #sign({ method, url, headers, body }: OutgoingRequest, session: AwsSession): Promise<SentSecrets> {
    const { AwsV4Signer } = await import('aws4fetch');
    const { region, service } = this.#config;
    const signer = new AwsV4Signer({
      ...{ method, url: url.href, region, service, body: body ?? '' },
      // Said by us: for S3 the signer would leave the body out of the signature.
      headers: { ...headers, 'x-amz-content-sha256': sha256Hex(body ?? '') },
      accessKeyId: session.accessKeyId,
      secretAccessKey: reveal(session.secretAccessKey),
      sessionToken: reveal(session.sessionToken),
      datetime: new Date(this.#parts.clock.now()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
    });
    const signed = await signer.sign();
    return Object.fromEntries(
      SIGNED_FIELDS.flatMap((name) => {
        const value = signed.headers.get(name);
        return value === null ? [] : [[name, new Secret(value)]];
      }),
    );
  }
}

/** The fields that a signature adds. */
export const SIGNED_FIELDS = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'] as const;
