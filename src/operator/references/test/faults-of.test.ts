/** What crosses objects: a table of what each may not be beside which others. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsOf, isOlder, resourceHolder, snapshotOf, usersOf, type Known, type KnownObject } from '../index.ts';
import { known, upstreams } from './objects.ts';

const login = known('MCPAuthServer', 'auth/login');
const group = known('MCPGroup', 'tools/all');
const narrow = (clientAuth: object, more: object = {}) =>
  known('MCPAuthServer', 'auth/login', { tls: { clientAuth: { trustDomain: 'td.test', ...clientAuth } }, ...more });
const two = known('MCPAuthServer', 'auth/login', upstreams('acme', 'github'));
const byConfig = { authServerRef: undefined, externalAuthConfigRef: { name: 'acme' } };

const cases: readonly (readonly [
  title: string,
  object: KnownObject,
  others: readonly KnownObject[],
  faults: readonly string[],
])[] = [
  ['a server beside its authorization server', known('MCPServer', 'tools/github'), [login], []],
  [
    'an authorization server that is not there',
    known('MCPServer', 'tools/github'),
    [],
    ['RefNotFound spec.authServerRef'],
  ],
  [
    'one resource twice, by another spelling (OPR-003)',
    known('MCPServer', 'other/github', { resourceUrl: 'https://tools.example.com/github/' }, 2),
    [login, known('MCPServer', 'tools/github', {}, 1)],
    ['ResourceUrlTaken spec.resourceUrl'],
  ],
  [
    'one resource of a server and a gateway (OPR-003)',
    known('MCPGateway', 'tools/all', { resourceUrl: 'https://tools.example.com/github' }, 2),
    [login, group, known('MCPServer', 'tools/github', {}, 1)],
    ['ResourceUrlTaken spec.resourceUrl'],
  ],
  [
    'one resource, of which this object has it since it is older (OPR-003)',
    known('MCPServer', 'tools/github', {}, 1),
    [login, known('MCPServer', 'other/github', {}, 2)],
    [],
  ],
  [
    'one issuer twice (OPR-003)',
    known('MCPAuthServer', 'other/login', {}, 2),
    [known('MCPAuthServer', 'auth/login', {}, 1)],
    ['IssuerTaken spec.issuer'],
  ],
  [
    'a namespace that is not let in (OPR-001)',
    known('MCPServer', 'tools/github'),
    [narrow({ namespaces: ['auth'] })],
    ['RefNotPermitted spec.authServerRef'],
  ],
  [
    'a name that is not let in (OPR-001)',
    known('MCPServer', 'tools/github'),
    [narrow({ names: ['slack'] })],
    ['RefNotPermitted spec.authServerRef'],
  ],
  [
    'a configuration in a namespace that is not let in (OPR-001)',
    known('MCPExternalAuthConfig', 'tools/acme'),
    [narrow({ namespaces: ['auth'] })],
    ['RefNotPermitted spec.authServerRef'],
  ],
  [
    'a name that is not let in does not concern a configuration',
    known('MCPExternalAuthConfig', 'tools/acme'),
    [narrow({ names: ['slack'] })],
    [],
  ],
  [
    'a host that its namespace may not claim',
    known('MCPServer', 'tools/github'),
    [narrow({}, { allowedResources: [{ namespace: 'tools', hosts: ['others.example.com'] }] })],
    ['ResourceUrlNotAllowed spec.resourceUrl'],
  ],
  [
    'a namespace that claims nothing',
    known('MCPServer', 'tools/github'),
    [narrow({}, { allowedResources: [{ namespace: 'auth', hosts: ['tools.example.com'] }] })],
    ['ResourceUrlNotAllowed spec.resourceUrl'],
  ],
  [
    'a host that its namespace may claim',
    known('MCPServer', 'tools/github'),
    [narrow({}, { allowedResources: [{ namespace: 'tools', hosts: ['tools.example.com'] }] })],
    [],
  ],
  [
    'an upstream that the authorization server does not have',
    known('MCPServer', 'tools/github', { upstreams: ['acme', 'acne'] }),
    [login],
    ['UpstreamUnknown spec.upstreams[1]'],
  ],
  [
    'an upstream of its configuration that is not there',
    known('MCPServer', 'tools/github', byConfig),
    [login, known('MCPExternalAuthConfig', 'tools/acme', { upstream: 'github' })],
    ['UpstreamUnknown spec.externalAuthConfigRef.name'],
  ],
  [
    'a configuration with an upstream that is not there',
    known('MCPExternalAuthConfig', 'tools/acme', { upstream: 'github' }),
    [login],
    ['UpstreamUnknown spec.upstream'],
  ],
  [
    'a configuration without an upstream where there are two',
    known('MCPServer', 'tools/github', byConfig),
    [two, known('MCPExternalAuthConfig', 'tools/acme', { upstream: undefined })],
    ['UpstreamAmbiguous spec.externalAuthConfigRef.name'],
  ],
  [
    'a configuration that is not there',
    known('MCPServer', 'tools/github', byConfig),
    [login],
    ['RefNotFound spec.externalAuthConfigRef.name'],
  ],
  [
    'a configuration of that name in another namespace, which is none (OPR-001)',
    known('MCPServer', 'tools/github', byConfig),
    [login, known('MCPExternalAuthConfig', 'auth/acme')],
    ['RefNotFound spec.externalAuthConfigRef.name'],
  ],
  [
    'a group that is not there',
    known('MCPServer', 'tools/github', { groupRef: { name: 'all' } }),
    [login],
    ['RefNotFound spec.groupRef.name'],
  ],
  [
    'two authorization servers, one for tokens and one for the exchange',
    known('MCPServer', 'tools/github', { externalAuthConfigRef: { name: 'acme' } }),
    [
      ...[login, known('MCPAuthServer', 'auth/second', { issuer: 'https://second.example.com' })],
      known('MCPExternalAuthConfig', 'tools/acme', { authServerRef: { name: 'second', namespace: 'auth' } }),
    ],
    ['AuthServerAmbiguous spec.externalAuthConfigRef.name'],
  ],
  [
    'a gateway that speaks of a server that is not there, and of one of no group',
    known('MCPGateway', 'tools/all', { servers: [{ name: 'slack' }, { name: 'github' }] }),
    [login, group, known('MCPServer', 'tools/github')],
    ['RefNotFound spec.servers[0].name', 'NotInGroup spec.servers[1].name'],
  ],
  [
    'a gateway over the servers of its group',
    known('MCPGateway', 'tools/all', { servers: [{ name: 'github' }] }),
    [login, group, known('MCPServer', 'tools/github', { groupRef: { name: 'all' } })],
    [],
  ],
  [
    'a gateway whose member needs an upstream that is not there',
    known('MCPGateway', 'tools/all'),
    [
      ...[login, group, known('MCPExternalAuthConfig', 'tools/acme', { upstream: 'github' })],
      known('MCPServer', 'tools/github', { ...byConfig, groupRef: { name: 'all' } }),
    ],
    ['UpstreamUnknown spec.groupRef.name'],
  ],
  [
    'a configuration of another kind',
    known('MCPExternalAuthConfig', 'tools/none', { type: 'none', authServerRef: undefined, upstream: undefined }),
    [],
    [],
  ],
];

describe('the faults of an object among the others', () => {
  it.each(cases)('are told of %s', (_, object, others, faults) => {
    expect(faultsOf(object, snapshotOf(others)).map(({ reason, path }) => `${reason} ${path}`)).toEqual(faults);
    // Whether the object is in the snapshot already says nothing: the webhook and the reconcile ask the same.
    expect(faultsOf(object, snapshotOf([...others, object])).map(({ reason, path }) => `${reason} ${path}`)).toEqual(
      faults,
    );
  });

  it('name nobody of another namespace who holds the resource, and suggest only what is beside the object', () => {
    const [fault] = faultsOf(
      known('MCPServer', 'other/mine', {}, 2),
      snapshotOf([login, known('MCPServer', 'tools/github', {}, 1)]),
    );
    expect(fault?.message).toContain('in another namespace');
    expect(fault?.message).not.toContain('tools/');
    const [missing] = faultsOf(
      known('MCPServer', 'tools/github', { authServerRef: { name: 'logim', namespace: 'auth' } }),
      snapshotOf([login]),
    );
    expect(missing?.message).toBe('there is no MCPAuthServer `logim` in the namespace `auth`');
    const [near] = faultsOf(
      known('MCPServer', 'auth/github', { authServerRef: { name: 'logim' } }),
      snapshotOf([login]),
    );
    expect(near?.message).toContain('did you mean `login`');
  });
});

describe('of objects that claim one resource', () => {
  const owner = (place: string, age: number) => known('MCPServer', place, {}, age) as Known<'MCPServer'>;

  it('one alone has it, whatever order they are looked at in, and the oldest (OPR-003)', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z'), fc.nat(3)), {
          minLength: 1,
          selector: ([namespace, name]) => `${namespace}/${name}`,
        }),
        fc.nat(),
        (places, turn) => {
          const owners = places.map(([namespace, name, age]) => owner(`${namespace}/${name}`, age));
          const turned = [...owners.slice(turn % owners.length), ...owners.slice(0, turn % owners.length)];
          const [url] = owners.map(({ spec }) => spec.resourceUrl);
          const holder = resourceHolder(snapshotOf(turned), url as string);
          expect(holder).toEqual(resourceHolder(snapshotOf(owners), url as string));
          expect(owners.every((one) => one === holder || isOlder(holder as Known, one))).toBe(true);
          const told = owners.filter((one) =>
            faultsOf(one, snapshotOf(turned)).some(({ reason }) => reason === 'ResourceUrlTaken'),
          );
          expect(told).toHaveLength(owners.length - 1);
        },
      ),
    );
  });

  it('who has it by the owner map keeps it from an older one that claims it later, and for as long as it claims it (OPR-003)', () => {
    const [older, younger] = [owner('a/x', 0), owner('b/y', 1)];
    const incumbents = new Map([[younger.spec.resourceUrl, 'MCPServer/b/y']]);
    const { resourceUrl } = older.spec;
    expect(resourceHolder(snapshotOf([older, younger], incumbents), resourceUrl)).toEqual(younger);
    expect(faultsOf(older, snapshotOf([younger], incumbents))[0]?.reason).toBe('ResourceUrlTaken');
    const moved = known('MCPServer', 'b/y', { resourceUrl: 'https://tools.example.com/moved' }, 1);
    expect(resourceHolder(snapshotOf([older, moved], incumbents), resourceUrl)).toEqual(older);
  });

  it('one that is not there yet is younger than all that are (OPR-003)', () => {
    const mine = { ...owner('a/x', 0), creationTimestamp: '', uid: '' };
    expect(isOlder(mine, owner('b/y', 59))).toBe(false);
    expect(isOlder(owner('b/y', 59), mine)).toBe(true);
  });
});

describe('who uses an object', () => {
  const objects = [
    ...[login, group, known('MCPExternalAuthConfig', 'tools/acme'), known('MCPGateway', 'tools/all')],
    known('MCPServer', 'tools/github', { externalAuthConfigRef: { name: 'acme' }, groupRef: { name: 'all' } }),
  ];
  it.each([
    [
      'MCPAuthServer',
      'auth/login',
      ['MCPServer/tools/github', 'MCPGateway/tools/all', 'MCPExternalAuthConfig/tools/acme'],
    ],
    ['MCPExternalAuthConfig', 'tools/acme', ['MCPServer/github', 'MCPGateway/all']],
    ['MCPGroup', 'tools/all', ['MCPServer/github', 'MCPGateway/all']],
    ['MCPServer', 'tools/github', ['MCPGateway/all']],
    ['MCPGateway', 'tools/all', []],
    ['MCPExternalAuthConfig', 'other/acme', []],
  ] as const)('is known of %s %s', (kind, place, users) => {
    const [namespace = '', name = ''] = place.split('/');
    expect(usersOf({ kind, namespace, name }, snapshotOf(objects))).toEqual(users);
  });

  it('does not count who is going as well', () => {
    const going = objects.map((object) => ({ ...object, isGoing: true }));
    expect(usersOf(login, snapshotOf(going))).toEqual([]);
  });
});
