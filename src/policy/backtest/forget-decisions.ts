import { subjectOf } from '#audit';
import type { DatabaseOrTransaction } from '#db';
import { forgetSubjects, pageOfUsers } from '../store/decision-subjects-store.ts';
import { readStored } from './subjects.ts';

const PAGE = 500;

/**
 * Takes away what decisions about those people were made from, by the names that their keys have: of our own users
 * the id, of others a digest of issuer and subject, so that their rows are looked through. Records keep the digest of
 * what they were about, verify as before, and lead to nobody.
 */
export async function forgetDecisionsAbout(db: DatabaseOrTransaction, subjects: readonly string[]): Promise<number> {
  const meant = new Set(subjects);
  let forgotten = 0;
  for (let after = '', more = true; more;) {
    const page = await pageOfUsers(db, after, PAGE);
    const keys = page.filter(({ subject }) => isAbout(subject, meant)).map(({ key }) => key);
    if (keys.length > 0) forgotten += await forgetSubjects(db, keys);
    after = page.at(-1)?.key ?? after;
    more = page.length === PAGE;
  }
  return forgotten;
}

/** Whether what is kept is one of those people. */
export function isAbout(kept: string, subjects: ReadonlySet<string>): boolean {
  const entity = readStored(kept);
  if (entity?.uid.type !== 'User') return false;
  const { uid, attrs } = entity;
  const iss = typeof attrs['issuer'] === 'string' ? attrs['issuer'] : 'chatelaine';
  const sub = uid.id.startsWith(`${iss}#`) ? uid.id.slice(iss.length + 1) : uid.id;
  return subjects.has(subjectOf({ iss, sub }));
}
