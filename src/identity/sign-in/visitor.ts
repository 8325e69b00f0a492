import type { AuditEvent, AuditOrigin } from '#contract';
import type { Person } from './people.ts';

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

const actorOf = (person: Pick<Person, 'id' | 'name'> | undefined): Actor =>
  person === undefined ? NOBODY : { kind: 'user', iss: 'chatelaine', sub: person.id, name: person.name };

/** What all records of one visit have in common. */
export function originOf(visitor: Visitor, person: Pick<Person, 'id' | 'name'> | undefined): AuditOrigin {
  return {
    door: 'console',
    actor: actorOf(person),
    ...(visitor.requestId !== undefined && { requestId: visitor.requestId }),
    ...(visitor.address !== '' && { address: visitor.address.slice(0, 128) }),
    ...(visitor.userAgent !== '' && { userAgent: visitor.userAgent.slice(0, 256) }),
  };
}

/** The person as the object of a record. */
export const personObject = ({ id, name }: Pick<Person, 'id' | 'name'>) => ({
  kind: 'user',
  namespace: '',
  name,
  id,
});
