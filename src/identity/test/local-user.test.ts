import { expect, test } from 'vitest';
import { localUser } from '#identity';

test('the local user has the role user and no scope that was not named', () => {
  expect(localUser()).toEqual({
    kind: 'user',
    iss: 'chatelaine',
    sub: 'local',
    name: 'local',
    namespace: 'default',
    roles: ['user'],
    access: new Set(['read', 'execute']),
    groups: [],
    scopes: new Set(),
    via: { method: 'local' },
  });
  expect([...localUser({ scopes: ['write:flights', 'write:flights'] }).scopes]).toEqual(['write:flights']);
});

test.each([
  ['a scope with a space', { scopes: ['a b'] }, 'SCOPE_REFUSED'],
  ['a namespace with a slash', { namespace: 'a/b' }, 'NAME_REFUSED'],
])('the local user is refused %s', (_, options, code) => {
  expect(() => localUser(options)).toThrow(expect.objectContaining({ code }) as Error);
});
