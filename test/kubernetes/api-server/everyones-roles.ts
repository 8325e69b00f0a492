/** The roles that a new cluster binds to everybody. They are not in the store, so that lists stay those of a test. */
import type { Rule } from './rights.ts';

interface Standing {
  readonly name: string;
  readonly group: string;
  readonly rules: readonly Rule[];
}

const everybody = 'system:authenticated';
const get = ['get'];

export const everyonesRoles: readonly Standing[] = [
  {
    name: 'system:basic-user',
    group: everybody,
    rules: [
      {
        verbs: ['create'],
        apiGroups: ['authorization.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      },
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
    ],
  },
  {
    name: 'system:service-account-issuer-discovery',
    group: 'system:serviceaccounts',
    rules: [
      {
        verbs: get,
        nonResourceURLs: [
          ...['/.well-known/openid-configuration', '/.well-known/openid-configuration/'],
          ...['/openid/v1/jwks', '/openid/v1/jwks/'],
        ],
      },
    ],
  },
  ...[everybody, 'system:unauthenticated'].map((group) => ({
    name: 'system:public-info-viewer',
    group,
    rules: [{ verbs: get, nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] }],
  })),
  {
    name: 'system:discovery',
    group: everybody,
    rules: [
      {
        verbs: get,
        nonResourceURLs: [
          ...['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz'],
          ...['/version', '/version/'],
        ],
      },
      { verbs: get, nonResourceURLs: ['/.well-known', '/.well-known/*'] },
    ],
  },
];
