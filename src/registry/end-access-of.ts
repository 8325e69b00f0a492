import type { Clock } from '#kernel';
import type { Database } from '#db';
import { forgetWordsOf } from './store/access-requests-store.ts';
import { forgetReasonsOf } from './store/access-reviews-store.ts';
import { revokeCredentials } from './store/credentials-store.ts';

/**
 * Ends what a user holds here who was cut off: their credentials, for good, whether they come in again or not. Of
 * whoever is erased the words of their requests and reviews go too; ids stay, which records refer to.
 */
export async function endAccessOf(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  userId: string,
  why: 'disabled' | 'erased',
): Promise<void> {
  await database.transaction(async (trx) => {
    await revokeCredentials(trx, { holderId: userId }, clock.now());
    if (why !== 'erased') return;
    await forgetWordsOf(trx, userId);
    await forgetReasonsOf(trx, userId);
  });
}
