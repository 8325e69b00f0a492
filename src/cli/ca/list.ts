import type { KnownAuthority } from '#tls';
import { isoMoment, table } from '../print.ts';

export const toJson = ({ state, subject, serial, notAfter }: KnownAuthority) => ({
  state,
  subject,
  serial,
  expiresAt: isoMoment(notAfter),
});

export const listed = (authorities: readonly KnownAuthority[]): string =>
  table(
    ['STATE', 'EXPIRES', 'SUBJECT'],
    authorities.map(({ state, subject, notAfter }) => [state, isoMoment(notAfter), subject]),
  );
