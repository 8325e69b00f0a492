import type { Changed } from '#audit';
import type { AuditOrigin } from '#contract';
import type { ChangeFrame } from '#identity';
import type { Envelope, Sealing } from '#vault';
import type { DatabaseOrTransaction } from '#db';
import { findPrepared, hasSigner, insertSigningKey, privateKeyPlace, setSigner } from '../store/signing-keys-store.ts';
import { DEFAULT_ALGORITHM } from './algorithm.ts';
import { recordedStep } from './recorded-step.ts';
import { exportPrivate, makeSigner, type Signer } from './key-material.ts';

export interface GenerateParts {
  readonly frame: ChangeFrame;
  readonly envelope: Envelope;
  readonly origin: AuditOrigin;
}

/** Of no namespace: none has this name. */
export const KEY_SCOPE = { kind: 'namespace', id: '*' } as const;

/**
 * Sees to it that some key signs. Where none does, a prepared one is taken (a restored backup may have just
 * that), else one is made: nobody can hold a copy of a key set that does not know it yet. It is on record
 * before it signs.
 *
 * Many processes may begin at once. The key is made before the transaction that looks again, in which all but
 * one find that another was first; theirs is thrown away, sealed by nobody.
 */
export async function generateOnce({ frame, envelope, origin }: GenerateParts): Promise<void> {
  if (await hasSigner(frame.database.db)) return;
  const made = await makeSigner(DEFAULT_ALGORITHM);
  await frame.recorded<void>(
    { origin },
    recordedStep('signing-key.generated', 'generate', 'first'),
    async (): Promise<Changed<void>> => {
      const kid = await envelope.writing(KEY_SCOPE, async (trx, sealing) => {
        if (await hasSigner(trx)) return undefined;
        const now = frame.clock.now();
        const waiting = await findPrepared(trx);
        if (waiting === undefined) await keepPrepared(trx, sealing, made, now);
        const first = waiting?.kid ?? made.kid;
        await setSigner(trx, first, now);
        return first;
      });
      if (kid === undefined) return { value: undefined, details: { changed: false } };
      return { value: undefined, objectId: kid, details: { algorithm: made.algorithm } };
    },
  );
}

/** Seals and keeps a new key, as prepared. */
export async function keepPrepared(
  trx: DatabaseOrTransaction,
  sealing: Sealing,
  signer: Signer,
  now: number,
): Promise<void> {
  const { text, keyId } = await sealing.seal(privateKeyPlace(signer.kid), exportPrivate(signer));
  await insertSigningKey(trx, { jwk: signer.jwk, text, keyId, now });
}
