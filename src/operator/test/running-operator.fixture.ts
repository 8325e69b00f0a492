/** The whole operator against an API server with controllers, as a service account with the rights of the chart. */
import { onTestFinished, vi } from 'vitest';
import { Secret, silentLogger, type Clock, type JsonObject } from '#kernel';
import { startApiServer, type ApiServer } from '../../../test/kubernetes/api-server/index.ts';
import { ask, type Answer } from '../../../test/kubernetes/api-client.ts';
import {
  certManager,
  deploymentController,
  garbageCollector,
  namespaceController,
  volumeBinder,
} from '../../../test/kubernetes/controllers/index.ts';
import { DEFINITIONS, define } from '../../../test/kubernetes/definitions.ts';
import { directAccess } from '../cluster/index.ts';
import { startOperator, type OperatorOptions, type RunningOperator } from '../controllers/index.ts';
import {
  HOME,
  OPERATOR,
  SECRETS,
  SECRETS_ROLE,
  WATCHED,
  WEBHOOK,
  WEBHOOK_HOME,
  WEBHOOK_SERVICE,
  type PolicyRule,
} from '../rights/index.ts';

export const HOME_NAMESPACE = 'chatelaine-system';
export const USER = `system:serviceaccount:${HOME_NAMESPACE}:${OPERATOR}`;
const RBAC = 'rbac.authorization.k8s.io';

/** Asked for more often than in a cluster; as patient, since other tests want the processors too. */
const ELECTION = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 100 };

export interface TestWorldOptions {
  readonly namespaces?: readonly string[];
  /** Namespaces that let it keep Secrets; all of them unless said. */
  readonly secretNamespaces?: readonly string[];
  readonly fateOf?: Parameters<typeof deploymentController>[0];
  /** Installed beside the operator: cert-manager and the Gateway API. */
  readonly isRich?: boolean;
  /** What the Service of the webhook leads to. */
  readonly webhookAt?: () => { readonly host: string; readonly port: number } | undefined;
}

export class OperatorWorld {
  readonly api: ApiServer;

  constructor(api: ApiServer) {
    this.api = api;
  }

  ask(method: string, path: string, sent: Parameters<typeof ask>[3] = {}): Promise<Answer> {
    return ask(this.api, method, path, sent);
  }

  /** By the administrator; throws where it is refused. */
  async create(object: JsonObject): Promise<JsonObject> {
    const { status, body } = await this.ask('POST', this.collectionOf(object), { body: object });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body;
  }

  async change(kind: string, name: string, patch: JsonObject, namespace = 'tools'): Promise<JsonObject> {
    const path = `${this.collectionOf({ kind, metadata: { namespace } })}/${name}`;
    const { status, body } = await this.ask('PATCH', path, { body: patch, type: 'merge-patch+json' });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  async remove(kind: string, name: string, namespace = 'tools'): Promise<void> {
    await this.ask('DELETE', `${this.collectionOf({ kind, metadata: { namespace } })}/${name}`);
  }

  async get(kind: string, name: string, namespace = 'tools'): Promise<JsonObject | undefined> {
    const { status, body } = await this.ask('GET', `${this.collectionOf({ kind, metadata: { namespace } })}/${name}`);
    return status === 200 ? body : undefined;
  }

  async list(kind: string, namespace?: string): Promise<readonly JsonObject[]> {
    const { body } = await this.ask(
      'GET',
      this.collectionOf({ kind, metadata: namespace === undefined ? {} : { namespace } }),
    );
    return (body['items'] ?? []) as readonly JsonObject[];
  }

  collectionOf(object: JsonObject): string {
    const kind = object['kind'] as string;
    const { namespace } = object['metadata'] as { namespace?: string };
    const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const defined = DEFINITIONS.find(({ spec }) => spec.names.kind === kind);
    if (defined !== undefined) return `/apis/chatelaine.dev/v1alpha1${within}/${defined.spec.names.plural}`;
    return `${PLACES[kind]?.[0]}${within}/${PLACES[kind]?.[1]}`;
  }

  /** Starts an operator, which ends with the test. */
  async start(more: Partial<OperatorOptions> = {}): Promise<RunningOperator> {
    const operator = await startOperator({
      access: directAccess({ url: this.api.url, token: new Secret(this.api.tokens.issue(HOME_NAMESPACE, OPERATOR)) }),
      ...{ image: 'chatelaine:1', namespaces: [], home: HOME_NAMESPACE, account: `${HOME_NAMESPACE}:${OPERATOR}` },
      ...{ requireDigests: false, instance: 'test', webhook: undefined, log: silentLogger, election: ELECTION },
      ...more,
    });
    onTestFinished(async () => {
      await operator.stop().catch(() => undefined);
    });
    return operator;
  }

  /** What the operator asked for so far. */
  asked() {
    return this.api.requests.filter(({ user }) => user === USER);
  }

  /** Has the operator look at it now: a moved clock wakes nobody. */
  async touch(kind: string, name: string, namespace = 'tools'): Promise<void> {
    await this.change(
      kind,
      name,
      { metadata: { annotations: { 'example.com/looked-at': String(++this.#touched) } } },
      namespace,
    );
  }
  #touched = 0;

  /** Waits until it holds. */
  until(holds: () => Promise<void> | void, timeout = 20_000): Promise<void> {
    return vi.waitFor(holds, { timeout, interval: 20 });
  }

  /** Waits until nothing but the Lease is asked for. */
  async untilQuiet(timeout = 20_000, forMs = 400): Promise<void> {
    let [before, since] = [-1, Date.now()];
    await vi.waitFor(
      () => {
        const now = this.asked().filter(({ resource, watch }) => resource !== 'leases' && !watch).length;
        if (now !== before) [before, since] = [now, Date.now()];
        if (Date.now() - since < forMs) throw new Error('the operator is still at work');
      },
      { timeout, interval: 40 },
    );
  }

  /** Waits until `Ready` is so for this reason. */
  async untilReady(kind: string, name: string, reason = 'Ready', namespace = 'tools'): Promise<JsonObject> {
    return await vi.waitFor(
      async () => {
        const object = await this.get(kind, name, namespace);
        const status = (object?.['status'] ?? {}) as Status;
        const ready = status.conditions?.find(({ type }) => type === 'Ready');
        if (ready?.reason !== reason) throw new Error(`${kind}/${name} is ${JSON.stringify(status)}`);
        return object as JsonObject;
      },
      { timeout: 20_000, interval: 20 },
    );
  }
}

export interface Status {
  readonly phase?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
    readonly observedGeneration?: number;
  }[];
  readonly [field: string]: unknown;
}

export const statusOf = (object: JsonObject | undefined): Status => (object?.['status'] ?? {}) as Status;

/** Of the children of an object. */
export const CHILD_KINDS = [
  ...['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Ingress', 'NetworkPolicy', 'PersistentVolumeClaim'],
  ...['PodDisruptionBudget', 'Secret', 'Service', 'ServiceAccount'],
] as const;

const PLACES: Readonly<Record<string, readonly [string, string]>> = {
  ConfigMap: ['/api/v1', 'configmaps'],
  Event: ['/apis/events.k8s.io/v1', 'events'],
  Namespace: ['/api/v1', 'namespaces'],
  PersistentVolumeClaim: ['/api/v1', 'persistentvolumeclaims'],
  Secret: ['/api/v1', 'secrets'],
  Service: ['/api/v1', 'services'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  Ingress: ['/apis/networking.k8s.io/v1', 'ingresses'],
  NetworkPolicy: ['/apis/networking.k8s.io/v1', 'networkpolicies'],
  PodDisruptionBudget: ['/apis/policy/v1', 'poddisruptionbudgets'],
  HorizontalPodAutoscaler: ['/apis/autoscaling/v2', 'horizontalpodautoscalers'],
  Lease: ['/apis/coordination.k8s.io/v1', 'leases'],
  CustomResourceDefinition: ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  ClusterRole: [`/apis/${RBAC}/v1`, 'clusterroles'],
  ClusterRoleBinding: [`/apis/${RBAC}/v1`, 'clusterrolebindings'],
  Role: [`/apis/${RBAC}/v1`, 'roles'],
  RoleBinding: [`/apis/${RBAC}/v1`, 'rolebindings'],
  Certificate: ['/apis/cert-manager.io/v1', 'certificates'],
  HTTPRoute: ['/apis/gateway.networking.k8s.io/v1', 'httproutes'],
  ValidatingWebhookConfiguration: ['/apis/admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
};

export const NAMESPACES = ['tools', 'identity', 'other'] as const;

export async function openOperatorWorld(options: TestWorldOptions = {}): Promise<OperatorWorld> {
  const { namespaces = [], secretNamespaces = NAMESPACES, fateOf, isRich = false, webhookAt } = options;
  const api = await startApiServer({
    controllers: [
      ...[garbageCollector(), namespaceController(), deploymentController(fateOf), volumeBinder()],
      ...(isRich ? [certManager()] : []),
    ],
    ...(webhookAt && { services: (_namespace, name) => (name === WEBHOOK_SERVICE ? webhookAt() : undefined) }),
  });
  onTestFinished(async () => await api[Symbol.asyncDispose]());
  const world = new OperatorWorld(api);
  await define(api);
  if (isRich) await world.create(HTTP_ROUTE_DEFINITION);
  for (const name of [HOME_NAMESPACE, ...NAMESPACES])
    await world.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await world.create({
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: OPERATOR, namespace: HOME_NAMESPACE } },
  });
  await grant(world, namespaces, secretNamespaces);
  return world;
}

/** Its own says far more; here every field is taken. */
const HTTP_ROUTE_DEFINITION: JsonObject = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/2466' },
  },
  spec: {
    ...{ group: 'gateway.networking.k8s.io', scope: 'Namespaced', names: { kind: 'HTTPRoute', plural: 'httproutes' } },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};

/** As the chart does. */
async function grant(
  world: OperatorWorld,
  namespaces: readonly string[],
  secretNamespaces: readonly string[],
): Promise<void> {
  const role = (kind: string, name: string, rules: readonly PolicyRule[], namespace?: string): JsonObject => ({
    ...{ apiVersion: `${RBAC}/v1`, kind, metadata: { name, ...(namespace && { namespace }) } },
    rules: rules as unknown as JsonObject[],
  });
  const subjects = [{ kind: 'ServiceAccount', name: OPERATOR, namespace: HOME_NAMESPACE }];
  const binding = (kind: string, name: string, of: string, roleKind: string, namespace?: string): JsonObject => ({
    ...{ apiVersion: `${RBAC}/v1`, kind, metadata: { name, ...(namespace && { namespace }) } },
    ...{ roleRef: { apiGroup: RBAC, kind: roleKind, name: of }, subjects },
  });
  await world.create(role('ClusterRole', OPERATOR, WATCHED));
  await world.create(role('ClusterRole', SECRETS_ROLE, SECRETS));
  await world.create(role('ClusterRole', `${OPERATOR}-webhook`, WEBHOOK));
  await world.create(role('Role', OPERATOR, [...HOME, ...WEBHOOK_HOME], HOME_NAMESPACE));
  await world.create(binding('RoleBinding', OPERATOR, OPERATOR, 'Role', HOME_NAMESPACE));
  await world.create(binding('ClusterRoleBinding', `${OPERATOR}-webhook`, `${OPERATOR}-webhook`, 'ClusterRole'));
  if (namespaces.length === 0) await world.create(binding('ClusterRoleBinding', OPERATOR, OPERATOR, 'ClusterRole'));
  for (const namespace of namespaces)
    await world.create(binding('RoleBinding', `${OPERATOR}-watched`, OPERATOR, 'ClusterRole', namespace));
  for (const namespace of secretNamespaces) await letKeepSecrets(world, namespace);
}

/** The RoleBinding of the command in the message. */
export const letKeepSecrets = (world: OperatorWorld, namespace: string): Promise<JsonObject> =>
  world.create({
    ...{ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: SECRETS_ROLE, namespace } },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: SECRETS_ROLE },
    subjects: [{ kind: 'ServiceAccount', name: OPERATOR, namespace: HOME_NAMESPACE }],
  });

/** A clock that a test moves on. */
export class MovedClock implements Clock {
  moved = 0;
  now = (): number => Date.now() + this.moved;
}

export const authServer = (spec: JsonObject = {}, { name = 'login', namespace = 'tools' } = {}): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPAuthServer', metadata: { name, namespace } },
  spec: {
    issuer: `https://${name}.example.com`,
    upstreams: [
      {
        ...{ name: 'company', type: 'oidc', issuer: 'https://sso.example.com', clientId: 'chatelaine' },
        clientSecretRef: { name: 'sso', key: 'client-secret' },
      },
    ],
    tls: { clientAuth: { trustDomain: 'example.com' } },
    storage: { type: 'sqlite' },
    ...spec,
  },
});

export const mcpServer = (spec: JsonObject = {}, { name = 'weather', namespace = 'tools' } = {}): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPServer', metadata: { name, namespace } },
  spec: {
    image: 'example.com/mcp/weather:1',
    resourceUrl: `https://${name}.example.com/mcp`,
    authServerRef: { name: 'login' },
    externalAuthConfigRef: { name: 'as-the-caller' },
    ...spec,
  },
});

export const authConfig = (
  spec: JsonObject = {},
  { name = 'as-the-caller', namespace = 'tools' } = {},
): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPExternalAuthConfig', metadata: { name, namespace } },
  spec: { type: 'authServer', authServerRef: { name: 'login' }, upstream: 'company', ...spec },
});

export const group = (name = 'everybody', namespace = 'tools'): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPGroup', metadata: { name, namespace } },
  spec: {},
});

export const gateway = (spec: JsonObject = {}, { name = 'front', namespace = 'tools' } = {}): JsonObject => ({
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPGateway', metadata: { name, namespace } },
  spec: {
    ...{ resourceUrl: `https://${name}.example.com/mcp`, authServerRef: { name: 'login' } },
    groupRef: { name: 'everybody' },
    ...spec,
  },
});
