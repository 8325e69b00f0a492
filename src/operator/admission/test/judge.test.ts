/** What is allowed, refused and warned of: a table of requests. */
import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../../references/index.ts';
import { known, written } from '../../references/test/objects.ts';
import { judge, readReview, type AdmissionRequest } from '../index.ts';

const login = known('MCPAuthServer', 'auth/login');
const first = known('MCPServer', 'tools/first', {}, 1);
const snapshot = snapshotOf([login, first]);

function asked(kind: string, request: object): AdmissionRequest {
  const text = JSON.stringify({
    ...{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
    request: {
      ...{ uid: 'u', kind: { group: 'chatelaine.dev', version: 'v1alpha1', kind }, operation: 'CREATE' },
      ...{ name: 'mine', namespace: 'tools', ...request },
    },
  });
  const review = readReview(Buffer.from(text));
  if (!review.ok) throw new Error(review.error);
  return review.value;
}

const free = { resourceUrl: 'https://tools.example.com/mine' };
const mine = (more: object = {}, metadata: Record<string, unknown> = {}) =>
  written('MCPServer', 'tools/mine', { ...free, ...more }, metadata);
const server = (more: object = {}) =>
  written('MCPAuthServer', 'tools/mine', { issuer: 'https://mine.example.com', ...more });
const gone = { deletionTimestamp: '2026-12-01T11:00:00Z' };

const cases: readonly (readonly [
  title: string,
  kind: string,
  request: object,
  answer: { code?: number; reason?: string; says?: string },
])[] = [
  ['a new object', 'MCPServer', { object: mine() }, {}],
  ['a dry run of a new object', 'MCPServer', { object: mine(), dryRun: true }, {}],
  [
    'a dry run of what is refused',
    'MCPServer',
    { object: mine({ resourceUrl: 'https://tools.example.com/first/../x' }), dryRun: true },
    { code: 422, reason: 'Invalid', says: 'spec.resourceUrl' },
  ],
  [
    'a field that is not there',
    'MCPServer',
    { object: mine({ imagee: 'x' }) },
    { code: 422, reason: 'Invalid', says: 'imagee' },
  ],
  [
    'a rule of the CRD that the API server did not check (OPR-008)',
    'MCPServer',
    { object: mine({ url: 'https://a.example/mcp' }) },
    { code: 422, reason: 'Invalid', says: 'give one of the two' },
  ],
  [
    'an issuer on plain http (OPR-008)',
    'MCPAuthServer',
    { object: server({ issuer: 'http://mine.example.com' }) },
    { code: 422, reason: 'Invalid', says: 'spec.issuer' },
  ],
  ['an object without a spec', 'MCPServer', { object: { ...mine(), spec: null } }, { code: 422, reason: 'Invalid' }],
  ['no object', 'MCPServer', { object: null }, { code: 400, reason: 'BadRequest' }],
  [
    'a change without what was there',
    'MCPServer',
    { object: mine(), operation: 'UPDATE' },
    { code: 400, reason: 'BadRequest' },
  ],
  ['another kind', 'Secret', { object: mine() }, { code: 400, reason: 'BadRequest', says: 'Secret' }],
  [
    'a kind with the name of a member of every object',
    'constructor',
    { object: mine() },
    { code: 400, reason: 'BadRequest' },
  ],
  [
    'another version',
    'MCPServer',
    { object: mine(), kind: { group: 'chatelaine.dev', version: 'v1', kind: 'MCPServer' } },
    { code: 400, reason: 'BadRequest' },
  ],
  [
    'an object of another namespace than the request (OPR-001)',
    'MCPServer',
    { object: mine(), namespace: 'auth' },
    { code: 400, reason: 'BadRequest' },
  ],
  [
    'a secret of another namespace by a field (OPR-001)',
    'MCPServer',
    { object: mine({ env: [{ name: 'TOKEN', secretRef: { name: 'a', key: 'b', namespace: 'auth' } }] }) },
    { code: 422, reason: 'Invalid', says: 'namespace' },
  ],
  [
    'a secret of another namespace by its name (OPR-001)',
    'MCPServer',
    { object: mine({ env: [{ name: 'TOKEN', secretRef: { name: 'auth/a', key: 'b' } }] }) },
    { code: 422, reason: 'Invalid', says: 'secretRef.name' },
  ],
  [
    'a resource that is taken (OPR-003)',
    'MCPServer',
    { object: written('MCPServer', 'tools/mine') },
    { code: 409, reason: 'ResourceUrlTaken' },
  ],
  [
    'a resource that is taken, by another spelling and an earlier date of its own (OPR-003)',
    'MCPServer',
    {
      object: written(
        'MCPServer',
        'tools/mine',
        { resourceUrl: 'https://tools.example.com/github/' },
        { creationTimestamp: '2020-01-01T00:00:00Z' },
      ),
    },
    { code: 409, reason: 'ResourceUrlTaken' },
  ],
  [
    'an issuer that is taken (OPR-003)',
    'MCPAuthServer',
    { object: server({ issuer: 'https://login.example.com' }) },
    { code: 409, reason: 'IssuerTaken' },
  ],
  [
    'a change of the issuer',
    'MCPAuthServer',
    { operation: 'UPDATE', object: server(), oldObject: server({ issuer: 'https://old.example.com' }) },
    { code: 422, reason: 'Invalid', says: 'spec.issuer: the issuer is in every token' },
  ],
  [
    'a change that mends what was invalid',
    'MCPServer',
    { operation: 'UPDATE', object: mine(), oldObject: mine({ url: 'https://a.example/mcp' }) },
    {},
  ],
  [
    'labels of what is invalid by rules of today',
    'MCPServer',
    {
      operation: 'UPDATE',
      object: mine({ url: 'https://a.example/mcp' }, { labels: { a: 'b' } }),
      oldObject: mine({ url: 'https://a.example/mcp' }),
    },
    {},
  ],
  [
    'a finalizer taken from what is going',
    'MCPServer',
    { operation: 'UPDATE', object: mine({ url: 'https://a.example/mcp' }, gone), oldObject: mine({}, gone) },
    {},
  ],
  [
    'a status',
    'MCPServer',
    { operation: 'UPDATE', subResource: 'status', object: mine({ url: 'https://a.example/mcp' }), oldObject: mine() },
    {},
  ],
  [
    'what is deleted, of which there is the old object alone',
    'MCPServer',
    { operation: 'DELETE', object: null, oldObject: mine() },
    {},
  ],
  ['many deleted at once', 'MCPServer', { operation: 'DELETE', name: '' }, {}],
];

describe('a request', () => {
  it.each(cases)('for %s is answered', (_, kind, request, { code, reason, says = '' }) => {
    const verdict = judge(asked(kind, request), snapshot);
    expect(verdict.allowed).toBe(code === undefined);
    expect(verdict.status?.code).toBe(code);
    expect(verdict.status?.reason).toBe(reason);
    expect(verdict.status?.message ?? '').toContain(says);
  });

  it('that changes something else is not refused for a conflict that was there before', () => {
    const was = written('MCPServer', 'tools/mine', {}, { creationTimestamp: '2026-12-01T12:00:00Z' });
    const is = { ...was, spec: { ...was.spec, replicas: 2 } };
    const verdict = judge(asked('MCPServer', { operation: 'UPDATE', object: is, oldObject: was }), snapshot);
    expect(verdict).toMatchObject({ allowed: true, warnings: [expect.stringContaining('ResourceUrlTaken')] });
  });

  it('that moves an older object onto a resource that a younger one has is refused (OPR-003)', () => {
    const was = mine({}, { creationTimestamp: '2026-12-01T09:00:00Z' });
    const is = { ...was, spec: { ...was.spec, resourceUrl: 'https://tools.example.com/github' } };
    expect(judge(asked('MCPServer', { operation: 'UPDATE', object: is, oldObject: was }), snapshot)).toMatchObject({
      allowed: false,
      status: { reason: 'ResourceUrlTaken' },
    });
  });

  it('to delete what is still used is allowed with a warning that says by whom', () => {
    const verdict = judge(
      asked('MCPAuthServer', {
        operation: 'DELETE',
        namespace: 'auth',
        name: 'login',
        oldObject: written('MCPAuthServer', 'auth/login'),
      }),
      snapshot,
    );
    expect(verdict).toEqual({ allowed: true, warnings: [expect.stringContaining('used by MCPServer/tools/first')] });
  });

  it('with a thousand faults has an answer of bounded length', () => {
    const env = Array.from({ length: 100 }, (_, at) => ({
      name: `V${at}`,
      value: 'x',
      secretRef: { name: 'a', key: 'b' },
    }));
    const verdict = judge(asked('MCPServer', { object: mine({ env }) }), snapshot);
    expect(verdict.status?.message.length).toBeLessThanOrEqual(4096);
  });
});
