/** `MCPAuthServer`: an authorization server by itself, for MCP servers in one or several namespaces. */
import { z } from 'zod';
import { SIGNING_ALGORITHMS } from '../config/signing-keys.ts';
import { REPLICAS_NEED_A_DATABASE, authServerStorage } from './auth-server-storage.ts';
import { authServerUpstream } from './auth-server-upstream.ts';
import { customResource } from './custom-resource.ts';
import { listMap, listSet, ordered } from './lists.ts';
import { caBundleRef, issuerRef, secretKeyRef, tlsSecretRef } from './references.ts';
import { changing, fixed, ruled } from './rule.ts';
import {
  between,
  httpsUrl,
  label,
  millisecondsOf,
  objectName,
  port,
  scope,
  trustDomain,
  upstreamName,
} from './scalars.ts';
import { certificateStatus, statusFields, workloadStatusFields } from './status.ts';
import { autoscaling, exposure, image, network, podTemplate, replicas, resources } from './workload.ts';

const issuer = changing(
  ruled(httpsUrl, {
    rule: "!url(self).getHostname().endsWith('.svc') && !url(self).getHostname().endsWith('.cluster.local')",
    holds: (text) => !/\.(svc|cluster\.local)$/.test(URL.parse(text)?.hostname ?? ''),
    message:
      'browsers sign in at the issuer, and none of them reaches a name of the cluster: give the host of the Ingress or HTTPRoute',
  }).regex(/^https:\/\/[^/]+$/, { error: 'an issuer here is the origin alone, without a path or slash at the end' }),
  fixed('the issuer is in every token and every client: make another MCPAuthServer, and move to it'),
);

const signingKey = z.strictObject({
  secretRef: secretKeyRef.describe('The private key in PEM.'),
  algorithm: z
    .enum(SIGNING_ALGORITHMS)
    .optional()
    .describe('What it signs with; by default what the key is made for, RS256 for RSA.'),
});

interface Lasting {
  readonly duration: string;
  readonly renewBefore: string;
}

/** Of every certificate that is renewed. */
export const RENEWED_IN_TIME = {
  rule: 'duration(self.renewBefore) < duration(self.duration)',
  holds: (cert: Lasting): boolean => millisecondsOf(cert.renewBefore) < millisecondsOf(cert.duration),
  message: '`renewBefore` is not shorter than `duration`: the certificate would be renewed without end',
  field: 'renewBefore',
} as const;

const serverCert = ruled(
  z.strictObject({
    issuerRef: issuerRef
      .optional()
      .describe('The issuer of cert-manager that signs it. Without it the operator has an authority of its own.'),
    duration: between('1h', '87600h').default('8760h').describe('How long it is valid.'),
    renewBefore: between('5m', '43800h').default('720h').describe('How long before its end it is renewed.'),
  }),
  RENEWED_IN_TIME,
);

const narrowing = (what: string) =>
  listSet(label, 1000)
    .min(1, { error: `an empty list would let nobody in; leave it out where every ${what} may come` })
    .optional();

const clientAuth = z.strictObject({
  trustDomain: changing(
    trustDomain,
    fixed('the trust domain is in the identity of every owner: make another MCPAuthServer, and move to it'),
  ).describe('The SPIFFE trust domain that the authorities vouch for; others are refused.'),
  caBundleRef: caBundleRef
    .optional()
    .describe('More authorities that may vouch for clients, with their roots, beside the one of the operator.'),
  namespaces: narrowing('namespace').describe('Owners of these namespaces alone come in; of every one without it.'),
  names: narrowing('name').describe('Owners of these names alone come in; of every name without it.'),
});

const tls = z.strictObject({
  serverCert: serverCert.prefault({}).describe('The certificate of the internal port.'),
  publicCertRef: tlsSecretRef
    .optional()
    .describe('The certificate of the public port; one by the authority of `serverCert` without it.'),
  clientAuth: clientAuth.describe('Whose certificates count at the internal port.'),
});

const ports = ruled(
  z.strictObject({
    public: port.default(7420).describe('Where browsers and clients come.'),
    internal: port.default(7443).describe('Where owners exchange tokens, over mutual TLS alone.'),
    metrics: port.default(7421).describe('Where metrics are fetched.'),
  }),
  {
    rule: 'self.public != self.internal && self.public != self.metrics && self.internal != self.metrics',
    holds: (all) => new Set([all.public, all.internal, all.metrics]).size === 3,
    message: 'two listeners share no port: what is internal must not be where browsers come',
  },
);

const lifetimes = z.strictObject({
  accessToken: between('1m', '1h').default('15m').describe('How long an access token is good for.'),
  refreshToken: between('1h', '2160h')
    .default('720h')
    .describe('How long a sign-in through a client goes on without a refresh; each begins it anew.'),
  authorizationCode: between('10s', '10m').default('1m').describe('How long a code can be redeemed.'),
  interaction: between('5m', '24h').default('1h').describe('How long a person has to sign in and decide.'),
  deviceCode: between('1m', '1h').default('10m').describe('How long the code that a device shows can be entered.'),
});

const allowedResource = z.strictObject({
  namespace: label.describe('The namespace.'),
  hosts: listSet(objectName, 100)
    .min(1)
    .describe('The hosts that a `resourceUrl` of its objects may have, such as `tools.example.com`.'),
});

const spec = ruled(
  z.strictObject({
    issuer: issuer.describe('Where browsers and clients reach it, and `iss` of every token.'),
    replicas,
    autoscaling: autoscaling.optional().describe('A HorizontalPodAutoscaler, which sets `replicas` then.'),
    ports: ports.prefault({}).describe('The ports of the pods.'),
    upstreams: listMap(authServerUpstream, 'name', 50)
      .min(1)
      .describe('The identity providers that people sign in at, or that keep tokens for them.'),
    signingKeys: ordered(signingKey, 10)
      .min(1)
      .optional()
      .describe(
        'Private keys that tokens are signed with: the first signs, the others verify. Without them the server makes its own and rotates them.',
      ),
    tls: tls.describe('Certificates of the server, and whom it lets in at the internal port.'),
    storage: authServerStorage.describe(
      'Where state is kept. SQLite is for one replica; several share PostgreSQL and Valkey.',
    ),
    lifetimes: lifetimes.prefault({}).describe('How long what it issues lasts.'),
    baselineScopes: listSet(scope, 50)
      .optional()
      .describe('Scopes that every client which registers or describes itself may ask for, whatever it says.'),
    allowedResources: listMap(allowedResource, 'namespace', 200)
      .optional()
      .describe(
        'Which hosts objects of a namespace may claim; those of a namespace that is not listed claim none. Without the list: any that nobody claimed earlier.',
      ),
    expose: exposure
      .optional()
      .describe('How the public Service is reached from outside the cluster; by nothing of ours without it.'),
    network: network.prefault({}).describe('What the NetworkPolicies of the pods let through.'),
    image: image.optional().describe('The image; that of the operator without it.'),
    resources,
    podTemplate,
  }),
  REPLICAS_NEED_A_DATABASE,
  {
    rule: "!has(self.autoscaling) || (self.storage.type == 'postgres' && has(self.storage.counters))",
    holds: ({ autoscaling: scaled, storage }) =>
      scaled === undefined || (storage.type === 'postgres' && storage.counters !== undefined),
    message: 'several replicas share one PostgreSQL and one Valkey: give `storage` the type `postgres` and `counters`',
    field: 'autoscaling',
  },
  {
    rule: 'self.upstreams.filter(one, has(one.primary) && one.primary).size() <= 1',
    holds: ({ upstreams }) => upstreams.filter(({ primary }) => primary === true).length <= 1,
    message: 'people sign in at one upstream: `primary` is for one of them',
    field: 'upstreams',
  },
  {
    rule: '!has(self.tls.clientAuth.namespaces) || !has(self.allowedResources) || self.allowedResources.all(one, one.__namespace__ in self.tls.clientAuth.namespaces)',
    holds: ({ tls: { clientAuth: clients }, allowedResources }) =>
      clients.namespaces === undefined ||
      (allowedResources ?? []).every(({ namespace }) => clients.namespaces?.includes(namespace)),
    message: '`allowedResources` names a namespace whose owners `tls.clientAuth.namespaces` keeps out',
    field: 'allowedResources',
  },
);

const status = z.strictObject({
  ...statusFields('Pending', 'Progressing', 'Ready', 'Degraded', 'Failed', 'Stopped', 'Terminating'),
  ...workloadStatusFields,
  url: httpsUrl.optional().describe('Where browsers and clients reach it.'),
  internalUrl: httpsUrl.optional().describe('Where owners exchange tokens, from within the cluster.'),
  serverCertificate: certificateStatus.optional().describe('The certificate of the internal port.'),
  owners: z.int().min(0).max(100_000).optional().describe('How many owners are in the owner map.'),
  upstreams: listSet(upstreamName, 50).optional().describe('The upstreams that the pods know.'),
});

export const mcpAuthServer = customResource({
  kind: 'MCPAuthServer',
  shortNames: ['mcpas'],
  description:
    'An authorization server for MCP servers: people sign in at its upstreams, clients get tokens of it, and owners exchange these for tokens of the upstreams over mutual TLS.',
  isScaled: true,
  columns: [
    { name: 'Issuer', type: 'string', jsonPath: '.spec.issuer', description: 'Where browsers and clients reach it.' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas', description: 'How many pods serve.' },
    {
      name: 'Owners',
      type: 'integer',
      jsonPath: '.status.owners',
      description: 'How many owners it knows.',
      priority: 1,
    },
  ],
  spec,
  status,
});

export type MCPAuthServerSpec = z.output<typeof spec>;
export type MCPAuthServerStatus = z.output<typeof status>;
