import { isRecord, sha256Hex, type Clock } from '#kernel';
import type { Database } from '#db';
import {
  consumeArtifact,
  deleteArtifact,
  deleteOfGrant,
  findArtifact,
  insertArtifact,
  pruneArtifacts,
  putArtifact,
  type Artifact,
  type ArtifactKey,
} from '../store/artifacts-store.ts';
import type { ContentCipher } from './content-cipher.ts';
import { UsedTwice, write } from './unit-of-work.ts';

/** What an artifact says, as oidc-provider writes it. */
export type Content = Readonly<Record<string, unknown>>;

/** Of those that ended, this many of each kind are cleared away at a time, once in so many writes. */
const PRUNED_AT_ONCE = 200;
const PRUNE_EVERY = 128;
/** A code that was used must be known as used for as long as somebody may come back with it. */
const KEPT_AFTER_MS = 24 * 3600_000;
const KEPT_AFTER: readonly string[] = ['AuthorizationCode', 'RefreshToken', 'Grant'];
/** What says nothing any more once it has ended; strangers make most of it. */
const GONE_WHEN_OVER: readonly string[] = [
  ...['Interaction', 'PushedAuthorizationRequest', 'DeviceCode', 'Session', 'ReplayDetection'],
  ...['AccessToken', 'ClientCredentials', 'Assertion'],
];
/** Presented after their time they are gone, so that no clock that is set back revives one. */
const NEVER_REVIVED: ReadonlySet<string> = new Set(['AuthorizationCode', 'RefreshToken', 'PushedAuthorizationRequest']);

/**
 * Codes, tokens, interactions and the rest, kept so that whoever reads the database can present none of them:
 * found by digest, content encrypted.
 */
export class Artifacts {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cipher: ContentCipher;
  #written = 0;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly cipher: ContentCipher }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cipher = parts.cipher;
  }

  /** Keeps it for `seconds` from now; with the rest of the request where there is one. */
  async put(model: string, id: string, content: Content, seconds: number): Promise<void> {
    const artifact = this.#artifact(model, id, content, seconds);
    await write(this.#database, (trx) => putArtifact(trx, artifact));
    await this.#pruneNowAndThen();
  }

  /**
   * The same for what may be there once: of all who come with it one is the first. Throws `UsedTwice`, at the
   * latest when the request is committed, for the others.
   */
  async putOnce(model: string, id: string, content: Content, seconds: number): Promise<void> {
    const artifact = this.#artifact(model, id, content, seconds);
    await write(this.#database, async (trx) => {
      if (!(await insertArtifact(trx, artifact))) throw new UsedTwice(model, undefined);
    });
    await this.#pruneNowAndThen();
  }

  #artifact(model: string, id: string, content: Content, seconds: number): Artifact {
    const digest = sha256Hex(id);
    return {
      model,
      digest,
      content: this.#cipher.encrypt(model, digest, JSON.stringify(content)),
      // A token that somebody acts with for a person ends with the person's session, and is not of its grant.
      grant_id: model === 'Grant' ? id : textOf(content['grantId'] ?? content['tsid']),
      user_id: textOf(content['accountId']),
      client_id: clientOf(content),
      uid_digest: digestOf(content['uid']),
      user_code_digest: digestOf(content['userCode']),
      consumed_at: null,
      expires_at: this.#clock.now() + seconds * 1000,
    };
  }

  async #pruneNowAndThen(): Promise<void> {
    if (++this.#written % PRUNE_EVERY !== 0) return;
    const { db } = this.#database;
    const now = this.#clock.now();
    await pruneArtifacts(db, { models: GONE_WHEN_OVER, before: now, limit: PRUNED_AT_ONCE });
    await pruneArtifacts(db, { models: KEPT_AFTER, before: now - KEPT_AFTER_MS, limit: PRUNED_AT_ONCE });
  }

  find(model: string, id: string): Promise<Content | undefined> {
    return this.#find(model, { digest: sha256Hex(id) });
  }

  /** By `uid`, or by user code: whoever knows those does not know the artifact's own id. */
  findBy(model: string, by: { readonly uid: string } | { readonly userCode: string }): Promise<Content | undefined> {
    const key = 'uid' in by ? { uidDigest: sha256Hex(by.uid) } : { userCodeDigest: sha256Hex(by.userCode) };
    return this.#find(model, key);
  }

  /** Uses it up. Throws `UsedTwice`, at the latest when the request is committed, for whoever is not the first. */
  async consume(model: string, id: string): Promise<void> {
    const digest = sha256Hex(id);
    await write(this.#database, async (trx) => {
      if (await consumeArtifact(trx, model, digest, this.#clock.now())) return;
      const used = await findArtifact(trx, model, { digest });
      throw new UsedTwice(model, used?.grant_id ?? undefined);
    });
  }

  /** `committed` is told when it is gone. */
  async delete(model: string, id: string, committed?: () => void): Promise<void> {
    await write(this.#database, (trx) => deleteArtifact(trx, model, sha256Hex(id)), committed);
  }

  async deleteOfGrant(grantId: string, model?: string): Promise<void> {
    await write(this.#database, (trx) => deleteOfGrant(trx, grantId, model));
  }

  async #find(model: string, key: ArtifactKey): Promise<Content | undefined> {
    const artifact = await findArtifact(this.#database.db, model, key);
    if (artifact === undefined) return undefined;
    if (NEVER_REVIVED.has(model) && artifact.consumed_at === null && artifact.expires_at <= this.#clock.now()) {
      await write(this.#database, (trx) => deleteArtifact(trx, model, artifact.digest));
      return undefined;
    }
    const text = this.#cipher.decrypt(model, artifact.digest, artifact.content);
    // Written by somebody else, or moved here: as if it were not there.
    if (text === undefined) return undefined;
    return {
      ...(JSON.parse(text) as Content),
      ...(artifact.consumed_at !== null && { consumed: Math.floor(artifact.consumed_at / 1000) }),
    };
  }
}

/** The client that asks; of an interaction it stands in the request that is kept. */
export function clientOf(content: Content): string | null {
  const { clientId, params } = content;
  return textOf(clientId) ?? (isRecord(params) ? textOf(params['client_id']) : null);
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const digestOf = (value: unknown): string | null => (typeof value === 'string' ? sha256Hex(value) : null);
