import { reveal } from '#kernel';
import type { Check } from '../check.ts';

const SHORTEST = 16;

/** A database password that can be guessed is one that opens everything at once. */
export const passwords: Check = {
  id: 'passwords',
  looksAt: 'passwords of the database roles: length, repetition',
  run({ settings: { database } }) {
    if (database.type !== 'postgres') return [];
    return [database, ...(database.migration === undefined ? [] : [database.migration])].flatMap((role) => {
      const password = role.password === undefined ? undefined : reveal(role.password);
      if (password === undefined || isStrong(password, role.user)) return [];
      return [
        {
          severity: 'error' as const,
          what: `the password of the database role \`${role.user}\` can be guessed`,
          remedy: `Give it one that a generator made, of ${SHORTEST} characters or more: \`openssl rand -base64 24\`.`,
        },
      ];
    });
  },
};

const isStrong = (password: string, user: string): boolean =>
  password.length >= SHORTEST &&
  new Set(password).size >= 8 &&
  !password.toLowerCase().includes(user.toLowerCase()) &&
  !/password|passwort|secret|chatelaine/i.test(password);
