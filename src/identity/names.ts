import { didYouMean } from '#kernel';
import { EVERYWHERE, resourceName, ROLES, scopeToken, type Role } from '#contract';
import { identityError } from './errors.ts';

// Agents' names end up in logs, audit records, policies and terminals: no control characters, no
// spaces, no letters that look like others.
const AGENT_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,126}[A-Za-z0-9])?$/;
const LONGEST_SCOPE = 256;
// Printable text on one line: no control, format or line-separating characters.
const LABEL = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{0,200}$/u;

/** Throws `NAME_REFUSED` unless `name` can be an agent's. */
export function checkAgentName(name: string): void {
  if (AGENT_NAME.test(name)) return;
  const rule = 'at most 128 letters a-z A-Z, digits, `.`, `_`, `@` and `-`, with a letter or digit at both ends';
  throw identityError('NAME_REFUSED', `${quote(name)} cannot be an agent's name: ${rule}`);
}

/** Throws `NAME_REFUSED` unless `namespace` is one that a configuration could name. */
export function checkNamespace(namespace: string): void {
  const checked = resourceName.safeParse(namespace);
  if (checked.success) return;
  throw identityError('NAME_REFUSED', `${quote(namespace)} cannot be a namespace: ${checked.error.issues[0]?.message}`);
}

/** Throws `NAME_REFUSED` unless it is a namespace, or `EVERYWHERE`. */
export function checkScope(namespace: string): void {
  if (namespace !== EVERYWHERE) checkNamespace(namespace);
}

/** Throws `NAME_REFUSED` unless `name` can be a group's: the grammar of an agent's. */
export function checkGroupName(name: string): void {
  if (AGENT_NAME.test(name)) return;
  const rule = 'at most 128 letters a-z A-Z, digits, `.`, `_`, `@` and `-`, with a letter or digit at both ends';
  throw identityError('NAME_REFUSED', `${quote(name)} cannot be a group's name: ${rule}`);
}

/** Throws `NAME_REFUSED` unless `label` is one printable line. */
export function checkLabel(label: string): void {
  if (LABEL.test(label)) return;
  throw identityError(
    'NAME_REFUSED',
    `${quote(label)} cannot be a label: at most 200 printable characters on one line`,
  );
}

/** The scopes without repetitions; throws `SCOPE_REFUSED` for what is no scope token. */
export function checkScopes(scopes: readonly string[]): readonly string[] {
  for (const scope of scopes) {
    if (scope.length > LONGEST_SCOPE || !scopeToken.safeParse(scope).success) {
      throw identityError('SCOPE_REFUSED', `${quote(scope)} is not a scope`);
    }
  }
  return [...new Set(scopes)];
}

/** The roles without repetitions; throws `ROLE_UNKNOWN` for any other word. */
export function checkRoles(roles: readonly string[]): readonly Role[] {
  for (const role of roles) {
    if (!isRole(role)) throw identityError('ROLE_UNKNOWN', `${quote(role)} is not a role${didYouMean(role, ROLES)}`);
  }
  return [...new Set(roles.filter(isRole))];
}

export const isRole = (word: string): word is Role => (ROLES as readonly string[]).includes(word);

/** The caller's value as it can stand in a message: short, and without what steers a terminal. */
export function quote(value: string, longest = 80): string {
  const printable = value.slice(0, longest).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  return `\`${printable}${value.length > longest ? '…' : ''}\``;
}
