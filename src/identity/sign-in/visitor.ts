import { EVERYWHERE, type AuditEvent, type AuditOrigin } from '#contract';
import type { Account } from './people.ts';

/** Who stands at the door, before anything is known of them. */
export interface Visitor {
  /** As the listener saw it. */
  readonly address: string;
  /** As the browser says; not to be believed, but shown. */
  readonly userAgent: string;
  readonly requestId?: string;
}

type Actor = AuditEvent['actor'];

const NOBODY: Actor = { kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' };

/** The person as the actor of a record; nobody while none is known. */
export const actorOf = (person: Pick<Account, 'id' | 'name'> | undefined): Actor =>
  person === undefined ? NOBODY : { kind: 'user', iss: 'chatelaine', sub: person.id, name: person.name };

/** What all records of one visit have in common. */
export function originOf(visitor: Visitor, person: Pick<Account, 'id' | 'name'> | undefined): AuditOrigin {
  return {
    door: 'console',
    actor: actorOf(person),
    ...(visitor.requestId !== undefined && { requestId: visitor.requestId }),
    ...(visitor.address !== '' && { address: visitor.address.slice(0, 128) }),
    ...(visitor.userAgent !== '' && { userAgent: visitor.userAgent.slice(0, 256) }),
  };
}

/** The person as the object of a record: the id and no name, since records outlive a wish to be forgotten. */
export const personObject = ({ id }: Pick<Account, 'id'>) => ({ kind: 'user', namespace: EVERYWHERE, name: id, id });
