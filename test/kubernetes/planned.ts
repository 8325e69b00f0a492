/** Plans of objects of the shared table, and what is around them. */
import {
  CUSTOM_RESOURCES,
  type CustomResourceKind,
  type MCPAuthServerSpec,
  type MCPGatewaySpec,
  type MCPServerSpec,
} from '#contract/kubernetes';
import { OBJECTS } from './objects.ts';
import {
  planAuthServer,
  planMCPGateway,
  planMCPServer,
  type AuthServerFacts,
  type AuthServerInput,
  type ExternalAuth,
  type MCPGatewayInput,
  type MCPServerInput,
  type Planned,
  type PlanResult,
} from '#operator';

export const OPERATOR = { image: 'ghcr.io/chatelaine/chatelaine:0.1.0' } as const;

export const resourceOf = <Spec>(kind: CustomResourceKind, name: string, spec: object): Planned<Spec> => {
  const metadata = { name, namespace: 'tools' };
  const parsed = CUSTOM_RESOURCES[kind].schema.parse({ apiVersion: 'chatelaine.dev/v1alpha1', kind, metadata, spec });
  return { metadata: { ...metadata, uid: `uid-of-${name}` }, spec: parsed.spec as Spec };
};

export const AUTH_SERVER: AuthServerFacts = {
  ...{ namespace: 'system', name: 'login', issuer: 'https://login.example.com' },
  internalUrl: 'https://login-internal.system.svc:7443',
  ports: { public: 7420, internal: 7443 },
  bundle: { name: 'login-bundle', key: 'ca.crt' },
  serverSpiffeId: 'spiffe://prod.example.com/ns/system/authserver/login',
  upstreams: ['acme'],
};

export const externalOf = (spec: object, name = 'outgoing'): ExternalAuth => ({
  name,
  spec: CUSTOM_RESOURCES.MCPExternalAuthConfig.spec.parse(spec),
});

export const SERVER_SPEC = {
  ...{ image: 'ghcr.io/acme/weather:1.2.3', resourceUrl: 'https://weather.example.com/mcp' },
  authServerRef: { name: 'login', namespace: 'system' },
};
export const AUTH_SERVER_SPEC = {
  issuer: 'https://login.example.com',
  upstreams: [
    {
      ...{ name: 'acme', type: 'oidc', issuer: 'https://sso.acme.example', clientId: 'chatelaine' },
      clientSecretRef: { name: 'acme', key: 'secret' },
    },
  ],
  tls: { clientAuth: { trustDomain: 'prod.example.com' } },
  storage: { type: 'sqlite' },
};

export const authServerInput = (spec: object = {}, more: Partial<AuthServerInput> = {}): AuthServerInput => ({
  resource: resourceOf<MCPAuthServerSpec>('MCPAuthServer', 'login', { ...AUTH_SERVER_SPEC, ...spec }),
  owners: [],
  certificates: { server: 'login-server-cert', clientBundle: { name: 'login-clients', key: 'ca.crt' } },
  hostKeys: 'login-host-keys',
  operator: OPERATOR,
  ...more,
});

export const serverInput = (spec: object = {}, more: Partial<MCPServerInput> = {}): MCPServerInput => ({
  resource: resourceOf<MCPServerSpec>('MCPServer', 'weather', { ...SERVER_SPEC, ...spec }),
  authServer: AUTH_SERVER,
  certificates: { client: 'weather-client-cert' },
  operator: OPERATOR,
  ...more,
});

export const gatewayInput = (spec: object = {}, more: Partial<MCPGatewayInput> = {}): MCPGatewayInput => ({
  resource: resourceOf<MCPGatewaySpec>('MCPGateway', 'front', {
    ...{ resourceUrl: 'https://front.example.com/mcp', groupRef: { name: 'all' } },
    authServerRef: { name: 'login', namespace: 'system' },
    ...spec,
  }),
  authServer: AUTH_SERVER,
  members: [
    {
      resource: serverInput({ groupRef: { name: 'all' } }).resource,
      external: externalOf({ type: 'authServer', authServerRef: { name: 'login', namespace: 'system' } }),
    },
    {
      resource: resourceOf<MCPServerSpec>('MCPServer', 'maps', {
        url: 'https://maps.example.com/mcp',
        resourceUrl: 'https://m.example.com/mcp',
        authServerRef: { name: 'login' },
      }),
    },
  ],
  certificates: { client: 'front-client-cert' },
  hostKeys: 'front-host-keys',
  operator: OPERATOR,
  ...more,
});

/** Every object of the shared table that has children, planned as far as it can be without what it refers to. */
export function plansOfTable(): readonly { readonly title: string; readonly plan: PlanResult }[] {
  return OBJECTS.filter(({ refused }) => refused === undefined).flatMap(({ title, object }) => {
    const { kind, metadata, spec } = object as unknown as {
      kind: CustomResourceKind;
      metadata: { name: string };
      spec: object;
    };
    const door = (said: object): object =>
      'resourceUrl' in said ? { ...said, resourceUrl: 'https://some.example.com/mcp' } : said;
    if (kind === 'MCPAuthServer')
      return [
        {
          title,
          plan: planAuthServer(
            authServerInput({}, { resource: resourceOf<MCPAuthServerSpec>(kind, metadata.name, spec) }),
          ),
        },
      ];
    if (kind === 'MCPServer')
      return [
        {
          title,
          plan: planMCPServer(
            serverInput({}, { resource: resourceOf<MCPServerSpec>(kind, metadata.name, door(spec)) }),
          ),
        },
      ];
    if (kind === 'MCPGateway') {
      const input = gatewayInput();
      const { servers: _, ...rest } = door(spec) as { servers?: unknown };
      return [
        { title, plan: planMCPGateway({ ...input, resource: resourceOf<MCPGatewaySpec>(kind, metadata.name, rest) }) },
      ];
    }
    return [];
  });
}

/** The plan, whose faults a test would show. */
export function objectsOf(plan: PlanResult) {
  if (!plan.ok) throw new Error(JSON.stringify(plan.error, undefined, 2));
  return plan.value.objects;
}

export const faultsOf = (plan: PlanResult): string =>
  plan.ok ? 'none' : plan.error.map(({ path, message }) => `${path}: ${message}`).join('\n');
