/** Who asks, what they may, and what a test finds on record of it. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { type ApiServer, startApiServer } from './api-server/index.ts';

const rbac = 'rbac.authorization.k8s.io';
const roles = `/apis/${rbac}/v1/namespaces/default`;

function send(api: ApiServer, method: string, path: string, body?: JsonObject, token?: string): Promise<Response> {
  return fetch(api.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A service account that may read the one Secret, and its token. */
async function operator(api: ApiServer): Promise<string> {
  const metadata = { name: 'operator' };
  await send(api, 'POST', '/api/v1/namespaces/default/serviceaccounts', {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  });
  const rules = [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['own'], verbs: ['get'] }];
  await send(api, 'POST', `${roles}/roles`, { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
  await send(api, 'POST', `${roles}/rolebindings`, {
    ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata },
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'operator' },
    subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: 'default' }],
  });
  return api.tokens.issue('default', 'operator');
}

describe('callers of the API server for tests', () => {
  it('may do what their roles say, and everything that they asked is on record as theirs', async () => {
    await using api = await startApiServer();
    const token = await operator(api);
    const secrets = '/api/v1/namespaces/default/secrets';
    await send(api, 'POST', secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'own' } });
    const answers = [`${secrets}/own`, `${secrets}/another`, secrets, `${secrets}?watch=true`].map(
      async (path) => (await send(api, 'GET', path, undefined, token)).status,
    );
    expect(await Promise.all(answers)).toStrictEqual([200, 403, 403, 403]);
    const user = 'system:serviceaccount:default:operator';
    const asked = api.requests.filter((one) => one.user === user);
    expect(asked.map(({ verb, resource, namespace, name }) => [verb, resource, namespace, name])).toStrictEqual([
      ['get', 'secrets', 'default', 'own'],
      ['get', 'secrets', 'default', 'another'],
      ['list', 'secrets', 'default', ''],
      ['watch', 'secrets', 'default', ''],
    ]);
  });

  it('with a token of nobody are refused, and without one only where a test says so', async () => {
    await using open = await startApiServer();
    await using closed = await startApiServer({ mustSignIn: true });
    expect((await send(open, 'GET', '/api/v1/namespaces', undefined, 'of nobody')).status).toBe(401);
    expect(open.requests.map(({ user }) => user)).toStrictEqual(['']);
    expect((await send(open, 'GET', '/api/v1/namespaces')).status).toBe(200);
    expect((await send(closed, 'GET', '/api/v1/namespaces')).status).toBe(403);
    expect((await send(closed, 'GET', '/api/v1/namespaces', undefined, closed.tokens.administrator)).status).toBe(200);
  });
});
