/**
 * Objects that the API server must take, and such that it must refuse: one table for zod, for the fake API server and
 * for a real one. What zod refuses and an API server only prunes (fields that are not there) is not in it.
 */
import type { JsonObject } from '#kernel';

export interface ObjectCase {
  readonly title: string;
  readonly object: JsonObject;
  /** Where the fault is and a part of what is said; absent for an object that is taken. */
  readonly refused?: { readonly at: string; readonly says: string };
}

export interface ChangeCase {
  readonly title: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly refused?: { readonly at: string; readonly says: string };
}

type Spec = JsonObject;

const object = (kind: string, name: string, spec: Spec): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind, metadata: { name, namespace: 'tools' } },
  spec,
});

const secretRef = { name: 'github-client', key: 'secret' };
const acme = {
  name: 'acme',
  type: 'oidc',
  issuer: 'https://sso.acme.example',
  clientId: 'chatelaine',
  clientSecretRef: secretRef,
};
const github = { name: 'github', type: 'github', clientId: 'Iv1.0123', clientSecretRef: secretRef };
const postgres = {
  type: 'postgres',
  host: 'db.data',
  database: 'chatelaine',
  user: 'serving',
  passwordSecretRef: secretRef,
};
const forge = {
  ...{ name: 'forge', type: 'oauth2', clientId: 'chatelaine', clientSecretRef: secretRef },
  authorizationEndpoint: 'https://forge.example/authorize',
  tokenEndpoint: 'https://forge.example/token',
  userinfoEndpoint: 'https://forge.example/user',
  fields: { subject: 'id', name: 'display_name' },
};
const valkey = { host: 'valkey.data' };

const authServer = (more: Spec = {}, name = 'login'): JsonObject =>
  object('MCPAuthServer', name, {
    issuer: 'https://login.example.com',
    upstreams: [acme],
    tls: { clientAuth: { trustDomain: 'prod.example.com' } },
    storage: { type: 'sqlite' },
    ...more,
  });

const serverCert = (more: Spec): JsonObject =>
  authServer({ tls: { serverCert: more, clientAuth: { trustDomain: 'prod.example.com' } } });

const long = (characters: number): string => 'a'.repeat(characters);

const upstream = (more: Spec): JsonObject => authServer({ upstreams: [{ ...acme, ...more }] });

const server = (more: Spec = {}, name = 'github-tools'): JsonObject =>
  object('MCPServer', name, {
    image: 'ghcr.io/acme/github-mcp:1.2.3',
    resourceUrl: 'https://tools.example.com/github/mcp',
    authServerRef: { name: 'login' },
    ...more,
  });

const without = (whole: JsonObject, field: string): JsonObject => {
  const { [field]: _, ...spec } = whole['spec'] as JsonObject;
  return { ...whole, spec };
};

const auth = (spec: Spec): JsonObject => object('MCPExternalAuthConfig', 'as-themselves', spec);
const fromAuthServer = { authServerRef: { name: 'login', namespace: 'identity' } };
const elsewhere = {
  url: 'https://login.internal:7443',
  issuer: 'https://login.elsewhere.example',
  caBundleRef: { name: 'elsewhere' },
  clientCert: { secretRef: { name: 'our-identity' } },
};
const client = { clientId: 'proxy', clientSecretRef: secretRef, tokenUrl: 'https://sts.example.com/token' };

const role = {
  ...{ type: 'awsSts', ...fromAuthServer, roleArn: 'arn:aws:iam::123456789012:role/tools' },
  ...{ region: 'eu-central-1', service: 's3' },
};
const clientCert = (more: Spec): JsonObject => auth({ type: 'authServer', ...fromAuthServer, clientCert: more });

const gateway = (more: Spec = {}): JsonObject =>
  object('MCPGateway', 'everything', {
    resourceUrl: 'https://tools.example.com/mcp',
    authServerRef: { name: 'login' },
    groupRef: { name: 'engineering' },
    ...more,
  });

const taken = (title: string, whole: JsonObject): ObjectCase => ({ title, object: whole });
const refused = (title: string, whole: JsonObject, at: string, says: string): ObjectCase => ({
  ...{ title, object: whole, refused: { at, says } },
});

export const OBJECTS: readonly ObjectCase[] = [
  taken('an MCPAuthServer of the least that there is to say', authServer()),
  taken(
    'three replicas on PostgreSQL and Valkey',
    authServer({ replicas: 3, storage: { ...postgres, counters: valkey } }),
  ),
  taken('GitHub and an OpenID provider side by side', authServer({ upstreams: [{ ...acme, primary: true }, github] })),
  taken('an upstream of plain OAuth 2', authServer({ upstreams: [forge] })),
  taken(
    'certificates of cert-manager, signing keys in Secrets, and an Ingress',
    authServer({
      tls: {
        serverCert: {
          issuerRef: { name: 'enterprise', kind: 'ClusterIssuer' },
          duration: '2160h',
          renewBefore: '360h',
        },
        publicCertRef: { name: 'login-public' },
        clientAuth: { trustDomain: 'prod.example.com', namespaces: ['tools'], names: ['github-tools'] },
      },
      signingKeys: [
        { secretRef: { name: 'keys', key: 'now.pem' } },
        { secretRef: { name: 'keys', key: 'before.pem' } },
      ],
      allowedResources: [{ namespace: 'tools', hosts: ['tools.example.com'] }],
      expose: { ingress: { className: 'nginx', tlsSecretRef: { name: 'login-public' } } },
    }),
  ),
  taken(
    'a pod template that nobody looks into',
    authServer({ podTemplate: { spec: { nodeSelector: { disk: 'ssd' } } } }),
  ),
  refused('a name with a dot', authServer({}, 'log.in'), '', 'named after the object'),
  refused('a name of 51 characters', authServer({}, 'a'.repeat(51)), '', 'named after the object'),
  refused('no issuer', without(authServer(), 'issuer'), 'spec.issuer', ''),
  refused('an issuer over http', authServer({ issuer: 'http://login.example.com' }), 'spec.issuer', ''),
  refused(
    'an issuer at a port that is none',
    authServer({ issuer: 'https://login.example.com:99999' }),
    'spec.issuer',
    '',
  ),
  refused('an issuer at a number', authServer({ issuer: 'https://999.1.1.1' }), 'spec.issuer', ''),
  refused('an issuer with a path', authServer({ issuer: 'https://login.example.com/as' }), 'spec.issuer', ''),
  refused(
    'an issuer that only the cluster knows (trap of the draft)',
    authServer({ issuer: 'https://login.identity.svc.cluster.local' }),
    'spec.issuer',
    'none of them reaches a name of the cluster',
  ),
  refused(
    'two replicas on SQLite',
    authServer({ replicas: 2 }),
    'spec.replicas',
    'several replicas share one PostgreSQL and one Valkey',
  ),
  refused(
    'two replicas on PostgreSQL that count each by themselves',
    authServer({ replicas: 2, storage: postgres }),
    'spec.replicas',
    'several replicas share one PostgreSQL and one Valkey',
  ),
  refused(
    'an autoscaler on SQLite',
    authServer({ autoscaling: { maxReplicas: 4 } }),
    'spec.autoscaling',
    'several replicas share one PostgreSQL',
  ),
  refused(
    'an autoscaler with more at least than at most',
    authServer({ storage: { ...postgres, counters: valkey }, autoscaling: { minReplicas: 5, maxReplicas: 4 } }),
    'spec.autoscaling.maxReplicas',
    'is more than',
  ),
  refused('-1 replicas', authServer({ replicas: -1 }), 'spec.replicas', ''),
  refused(
    'a host without PostgreSQL',
    authServer({ storage: { type: 'sqlite', host: 'db.data' } }),
    'spec.storage',
    '',
  ),
  refused('PostgreSQL without a host', authServer({ storage: { ...postgres, host: '' } }), 'spec.storage.host', ''),
  refused(
    'PostgreSQL to which nothing proves who we are',
    authServer({ storage: { type: 'postgres', host: 'db.data', database: 'chatelaine', user: 'serving' } }),
    'spec.storage',
    'nothing proves who we are to PostgreSQL',
  ),
  refused(
    'a role that migrates and serves',
    authServer({ storage: { ...postgres, migration: { user: 'serving' } } }),
    'spec.storage.migration',
    'is the role that serves',
  ),
  refused('a storage of an unknown type', authServer({ storage: { type: 'mysql' } }), 'spec.storage', ''),
  refused('no trust domain', authServer({ tls: { clientAuth: {} } }), 'spec.tls.clientAuth.trustDomain', ''),
  refused(
    'a trust domain in capitals',
    authServer({ tls: { clientAuth: { trustDomain: 'Prod.Example' } } }),
    'spec.tls.clientAuth.trustDomain',
    '',
  ),
  refused(
    'an empty list of namespaces',
    authServer({ tls: { clientAuth: { trustDomain: 'prod.example.com', namespaces: [] } } }),
    'spec.tls.clientAuth.namespaces',
    '',
  ),
  refused(
    'a certificate that is renewed before it is there',
    authServer({
      tls: { serverCert: { duration: '24h', renewBefore: '48h' }, clientAuth: { trustDomain: 'prod.example.com' } },
    }),
    'spec.tls.serverCert.renewBefore',
    'would be renewed without end',
  ),
  refused(
    'hosts for a namespace that is kept out',
    authServer({
      tls: { clientAuth: { trustDomain: 'prod.example.com', namespaces: ['tools'] } },
      allowedResources: [{ namespace: 'other', hosts: ['tools.example.com'] }],
    }),
    'spec.allowedResources',
    'keeps out',
  ),
  refused('no upstreams', authServer({ upstreams: [] }), 'spec.upstreams', ''),
  refused(
    'two upstreams of one name',
    authServer({ upstreams: [acme, { ...github, name: 'acme' }] }),
    'spec.upstreams[1]',
    '',
  ),
  refused(
    'two primary upstreams',
    authServer({
      upstreams: [
        { ...acme, primary: true },
        { ...github, primary: true },
      ],
    }),
    'spec.upstreams',
    '`primary` is for one of them',
  ),
  refused(
    'an OpenID provider without an issuer',
    upstream({ type: 'okta', issuer: '' }),
    'spec.upstreams[0].issuer',
    '',
  ),
  refused(
    'a tenant at an OpenID provider',
    upstream({ tenant: '72f988bf-86f1-41af-91ab-2d7cd011db47' }),
    'spec.upstreams[0]',
    '',
  ),
  refused(
    'a client with a secret and a key',
    upstream({ privateKeyRef: secretRef }),
    'spec.upstreams[0]',
    'proves itself in one way',
  ),
  refused('a key id without a key', upstream({ keyId: 'one' }), 'spec.upstreams[0].keyId', 'has no effect without'),
  refused(
    'scopes without `openid`',
    upstream({ scopes: ['email'] }),
    'spec.upstreams[0].scopes',
    'there is no ID token',
  ),
  refused(
    'domains, and no scope that names an address',
    upstream({ scopes: ['openid'], allowedDomains: ['acme.example'] }),
    'spec.upstreams[0].scopes',
    'would refuse everybody',
  ),
  refused(
    'organizations, and no claim that names them',
    upstream({ allowedOrganizations: ['acme'] }),
    'spec.upstreams[0]',
    'give both or none',
  ),
  refused(
    'a parameter that protects the authorization request',
    upstream({ extraParameters: { state: 'fixed' } }),
    'spec.upstreams[0].extraParameters',
    "Chatelaine's own to write",
  ),
  refused(
    'organizations at GitHub, and no scope that shows them',
    authServer({ upstreams: [{ ...github, scopes: ['user'], allowedOrganizations: ['acme'] }] }),
    'spec.upstreams[0].scopes',
    '`read:org`',
  ),
  refused('two listeners on one port', authServer({ ports: { public: 7443 } }), 'spec.ports', 'share no port'),
  refused(
    'access tokens of a day',
    authServer({ lifetimes: { accessToken: '24h' } }),
    'spec.lifetimes.accessToken',
    'not between',
  ),
  refused('a lifetime in days', authServer({ lifetimes: { refreshToken: '30d' } }), 'spec.lifetimes.refreshToken', ''),
  refused(
    'an Ingress and an HTTPRoute',
    authServer({ expose: { ingress: {}, httpRoute: { parentRefs: [{ name: 'front' }] } } }),
    'spec.expose',
    'in one way',
  ),
  refused(
    'GitHub without the secret of the client',
    authServer({ upstreams: [{ name: 'github', type: 'github', clientId: 'Iv1.0123' }] }),
    'spec.upstreams[0]',
    '`clientSecretRef` is missing',
  ),
  refused(
    'domains at GitHub, and no scope that shows an address',
    authServer({ upstreams: [{ ...github, scopes: ['read:org'], allowedDomains: ['acme.example'] }] }),
    'spec.upstreams[0].scopes',
    '`user:email`',
  ),
  refused(
    'domains of plain OAuth 2, and nothing that says whether an address is verified',
    authServer({ upstreams: [{ ...forge, allowedDomains: ['acme.example'] }] }),
    'spec.upstreams[0].allowedDomains',
    'whether an address is verified',
  ),
  refused(
    'organizations of plain OAuth 2, and nothing that lists them',
    authServer({ upstreams: [{ ...forge, allowedOrganizations: ['acme'] }] }),
    'spec.upstreams[0]',
    'give both or none',
  ),
  refused(
    'a parameter with a name of 65 characters',
    upstream({ extraParameters: { [long(65)]: '' } }),
    'spec.upstreams[0]',
    '',
  ),
  refused(
    'a certificate of half an hour',
    serverCert({ duration: '30m', renewBefore: '5m' }),
    'spec.tls',
    'not between',
  ),
  refused(
    'a certificate that is renewed in the last minute',
    serverCert({ renewBefore: '1m' }),
    'spec.tls',
    'not between',
  ),
  refused('codes of an hour', authServer({ lifetimes: { authorizationCode: '1h' } }), 'spec.lifetimes', 'not between'),
  refused('a minute to sign in', authServer({ lifetimes: { interaction: '1m' } }), 'spec.lifetimes', 'not between'),
  refused(
    'an annotation with a name of 318 characters',
    authServer({ expose: { ingress: { annotations: { [long(318)]: '' } } } }),
    'spec.expose',
    '',
  ),
  refused(
    'an amount with a name of 254 characters',
    authServer({ resources: { requests: { [long(254)]: '1' }, limits: { memory: '1Gi' } } }),
    'spec.resources',
    '',
  ),

  taken('an MCPServer that runs here', server()),
  taken(
    'one that is elsewhere, with tokens of callers',
    without(server({ url: 'https://mcp.github.example/', externalAuthConfigRef: { name: 'as-themselves' } }), 'image'),
  ),
  taken(
    'one over standard streams, with variables of a Secret',
    server({
      transport: 'stdio',
      args: ['--read-only'],
      env: [
        { name: 'TOKEN', secretRef },
        { name: 'MODE', value: '' },
      ],
    }),
  ),
  refused('neither an image nor a URL', without(server(), 'image'), 'spec', 'give one of the two'),
  refused('an image and a URL', server({ url: 'https://mcp.example/' }), 'spec', 'give one of the two'),
  refused(
    'arguments of a server elsewhere',
    without(server({ url: 'https://mcp.example/', args: ['--read-only'] }), 'image'),
    'spec',
    'are for a server with an `image`',
  ),
  refused(
    'standard streams of a server elsewhere',
    without(server({ url: 'https://mcp.example/', transport: 'stdio' }), 'image'),
    'spec.transport',
    'standard streams',
  ),
  refused(
    'standard streams with a port',
    server({ transport: 'stdio', port: 8080 }),
    'spec.transport',
    'standard streams',
  ),
  refused('authorities for an image', server({ caBundleRef: { name: 'acme' } }), 'spec.caBundleRef', 'no https `url`'),
  refused('nobody whose tokens open it', without(server(), 'authServerRef'), 'spec', 'whose tokens open it'),
  refused('a resource over http', server({ resourceUrl: 'http://tools.example.com/mcp' }), 'spec.resourceUrl', ''),
  refused(
    'a resource that climbs',
    server({ resourceUrl: 'https://tools.example.com/a/../mcp' }),
    'spec.resourceUrl',
    '',
  ),
  refused(
    'a resource with a query',
    server({ resourceUrl: 'https://tools.example.com/mcp?a=b' }),
    'spec.resourceUrl',
    '',
  ),
  refused('a user name in a URL', without(server({ url: 'https://me@mcp.example/' }), 'image'), 'spec.url', ''),
  refused(
    'a variable with a value and a Secret',
    server({ env: [{ name: 'TOKEN', value: 'a', secretRef }] }),
    'spec.env[0]',
    '`value` or a `secretRef`',
  ),
  refused(
    'a variable that is there twice',
    server({
      env: [
        { name: 'A', value: '' },
        { name: 'A', value: '' },
      ],
    }),
    'spec.env[1]',
    '',
  ),
  refused('an unknown transport', server({ transport: 'websocket' }), 'spec.transport', ''),
  refused('a reference to nothing', server({ authServerRef: { name: '' } }), 'spec.authServerRef.name', ''),

  taken(
    'the token of the caller, by an MCPAuthServer of another namespace',
    auth({ type: 'authServer', ...fromAuthServer }),
  ),
  taken(
    'the same by an authorization server elsewhere',
    auth({ type: 'authServer', ...elsewhere, upstream: 'github' }),
  ),
  taken('no authorization', auth({ type: 'none' })),
  taken('a fixed value', auth({ type: 'secret', secretRef, name: 'X-API-Key' })),
  taken('a token of our own', auth({ type: 'clientCredentials', ...client })),
  taken(
    'a token that is had for that of the caller',
    auth({ type: 'tokenExchange', ...fromAuthServer, ...client, audience: 'api' }),
  ),
  taken(
    'an assertion about the caller',
    auth({
      ...{ type: 'idJag', ...fromAuthServer, ...client, audience: 'https://login.there.example' },
      target: { tokenUrl: 'https://login.there.example/token', clientId: 'proxy', clientSecretRef: secretRef },
    }),
  ),
  taken('a role of AWS', auth(role)),
  taken('a client certificate', auth({ type: 'clientCertificate', certificateRef: { name: 'our-identity' } })),
  refused('an unknown way', auth({ type: 'basic' }), 'spec', ''),
  refused('no authorization server', auth({ type: 'authServer' }), 'spec', 'give `authServerRef` or `url`'),
  refused(
    'two of them',
    auth({ type: 'authServer', ...fromAuthServer, ...elsewhere }),
    'spec',
    'give `authServerRef` or `url`',
  ),
  refused(
    'one elsewhere that nobody vouches for',
    auth({ type: 'authServer', url: elsewhere.url, issuer: elsewhere.issuer, clientCert: elsewhere.clientCert }),
    'spec',
    'the `caBundleRef` that vouches for it',
  ),
  refused(
    'a certificate of our own choice at an MCPAuthServer (trap of the draft)',
    auth({ type: 'authServer', ...fromAuthServer, clientCert: { secretRef: { name: 'forged' } } }),
    'spec.clientCert',
    'with it alone',
  ),
  refused(
    'who the listener is, of an MCPAuthServer',
    auth({ type: 'authServer', ...fromAuthServer, serverSpiffeId: 'spiffe://prod.example.com/ns/identity/authserver' }),
    'spec.serverSpiffeId',
    'goes with `url`',
  ),
  refused('an exchange without a client', auth({ type: 'tokenExchange', ...fromAuthServer }), 'spec', ''),
  refused('an assertion for nobody', auth({ type: 'idJag', ...fromAuthServer, ...client }), 'spec', ''),
  refused(
    'a role for a fixed value',
    auth({ type: 'secret', secretRef, roleArn: 'arn:aws:iam::123456789012:role/tools' }),
    'spec',
    '',
  ),
  refused(
    'a token endpoint over http',
    auth({ type: 'clientCredentials', ...client, tokenUrl: 'http://sts.example.com/token' }),
    'spec.tokenUrl',
    '',
  ),
  refused(
    'a client certificate of half an hour',
    clientCert({ duration: '30m', renewBefore: '5m' }),
    'spec.clientCert',
    'not between',
  ),
  refused(
    'a client certificate that is renewed in the last minute',
    clientCert({ renewBefore: '1m' }),
    'spec.clientCert',
    'not between',
  ),
  refused('a role for a minute', auth({ ...role, duration: '1m' }), 'spec.duration', 'not between'),

  taken('a group', object('MCPGroup', 'engineering', { description: 'Tools of engineers.' })),
  taken('a group of which nothing is said', object('MCPGroup', 'engineering', {})),
  taken('a gateway of the least that there is to say', gateway()),
  taken(
    'a gateway with upstreams, and servers of which something is said',
    gateway({
      upstreams: ['github', 'acme'],
      servers: [
        { name: 'github-tools', prefix: '' },
        { name: 'slack', prefix: 's_' },
      ],
    }),
  ),
  refused('a gateway of no group', without(gateway(), 'groupRef'), 'spec.groupRef', ''),
  refused(
    'two servers without a prefix',
    gateway({
      servers: [
        { name: 'a', prefix: '' },
        { name: 'b', prefix: '' },
      ],
    }),
    'spec.servers',
    'empty `prefix`',
  ),
  refused('a server twice', gateway({ servers: [{ name: 'a' }, { name: 'a' }] }), 'spec.servers[1]', ''),
  refused('a gateway of two on SQLite', gateway({ replicas: 2 }), 'spec.replicas', 'share one PostgreSQL'),
];

const changed = (title: string, before: JsonObject, after: JsonObject, at?: string, says = ''): ChangeCase => ({
  ...{ title, before, after },
  ...(at !== undefined && { refused: { at, says } }),
});

export const CHANGES: readonly ChangeCase[] = [
  changed('another upstream', authServer(), authServer({ upstreams: [acme, github] })),
  changed(
    'more namespaces',
    authServer(),
    authServer({ tls: { clientAuth: { trustDomain: 'prod.example.com', namespaces: ['a'] } } }),
  ),
  changed(
    'another issuer',
    authServer(),
    authServer({ issuer: 'https://other.example.com' }),
    'spec.issuer',
    'in every token',
  ),
  changed(
    'another trust domain',
    authServer(),
    authServer({ tls: { clientAuth: { trustDomain: 'other.example.com' } } }),
    'spec.tls.clientAuth.trustDomain',
    'in the identity of every owner',
  ),
  changed(
    'PostgreSQL in the place of SQLite',
    authServer(),
    authServer({ storage: postgres }),
    'spec.storage.type',
    'restore a backup',
  ),
  changed(
    'another host of PostgreSQL',
    authServer({ storage: postgres }),
    authServer({ storage: { ...postgres, host: 'db2.data' } }),
  ),
  changed(
    'another storage of a gateway',
    gateway(),
    gateway({ storage: postgres }),
    'spec.storage.type',
    'restore a backup',
  ),
  changed('another image', server(), server({ image: 'ghcr.io/acme/github-mcp:1.2.4' })),
];
