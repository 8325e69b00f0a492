import { expect, test } from 'vitest';
import { ownerMap, type DeclaredOwner } from '#authserver';

const declared = (resource: string): DeclaredOwner => ({
  ...{ namespace: 'travel', name: 'flights', resource },
  scopes: ['read:flights'],
  upstreams: [],
});

const mapOf = (...owners: readonly DeclaredOwner[]) =>
  ownerMap({
    publicUrl: new URL('http://localhost:7420'),
    doors: (path) => (path === '/api/v1' ? { scopes: ['read', 'admin'], administers: true } : undefined),
    declared: () => owners,
    upstreams: () => [],
  });

test.each(['http://localhost:7420/api/v1', 'http://127.0.0.1:7420/api/v1', 'http://[::1]:7420/api/v1/'])(
  'a door of this server is its own under each name of this machine, whatever a document says: %s',
  (resource) => {
    const owned = mapOf(declared(resource), declared('http://localhost:7420/api/v1')).resolve(resource);
    expect(owned).toMatchObject({
      ...{ owner: 'default/gateway', resource: 'http://localhost:7420/api/v1' },
      administers: true,
    });
  },
);

test('another port of this machine is another server, which a document may give to somebody', () => {
  expect(mapOf().resolve('http://127.0.0.1:9000/mcp')).toBeUndefined();
  const owned = mapOf(declared('http://127.0.0.1:9000/mcp')).resolve('http://127.0.0.1:9000/mcp');
  expect(owned).toMatchObject({ owner: 'travel/flights', resource: 'http://127.0.0.1:9000/mcp' });
  expect(owned?.administers).toBeUndefined();
});
