/** A cluster of somebody's: what the test makes there, and takes away again. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject as ClientObject,
} from '@kubernetes/client-node';
import { silentLogger, type JsonObject } from '#kernel';
import {
  HOME,
  kubeConfigAccess,
  OPERATOR,
  SECRETS,
  startOperator,
  WATCHED,
  type PolicyRule,
  type RunningOperator,
} from '#operator';
import { DEFINITIONS } from '../definitions.ts';

const RBAC = 'rbac.authorization.k8s.io';
const MANAGER = 'chatelaine-test';
const TOKEN_REQUEST = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' } as const;

export class SomeCluster {
  readonly #config = new KubeConfig();
  readonly #objects: KubernetesObjectApi;
  readonly #made: JsonObject[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'chatelaine-cluster-'));
  readonly home: string;
  readonly namespace: string;

  constructor(kubeconfig: string) {
    this.#config.loadFromFile(kubeconfig);
    this.#objects = KubernetesObjectApi.makeApiClient(this.#config);
    const word = randomBytes(4).toString('hex');
    this.home = `chatelaine-home-${word}`;
    this.namespace = `chatelaine-test-${word}`;
  }

  /** Namespaces, definitions and rights; nothing but the rights of the chart, and these in one namespace alone. */
  async open(): Promise<void> {
    for (const definition of DEFINITIONS)
      if ((await this.find(definition)) === undefined) await this.create(definition);
    for (const name of [this.home, this.namespace])
      await this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await this.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: OPERATOR, namespace: this.home } });
    await this.#grant('watched', WATCHED, this.namespace);
    await this.#grant('secrets', SECRETS, this.namespace);
    await this.#grant('home', HOME, this.home);
  }

  async #grant(word: string, rules: readonly PolicyRule[], namespace: string): Promise<void> {
    const metadata = { name: `${OPERATOR}-${word}`, namespace };
    await this.create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: rules as unknown as JsonObject[] });
    await this.create({
      ...{ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR, namespace: this.home }],
    });
  }

  /** The operator as its service account, by a token of the API server, from a kubeconfig with that and nothing else. */
  async start(): Promise<RunningOperator> {
    const core = this.#config.makeApiClient(CoreV1Api);
    const { status } = await core.createNamespacedServiceAccountToken({
      ...{ name: OPERATOR, namespace: this.home },
      body: { ...TOKEN_REQUEST, spec: { audiences: [], expirationSeconds: 3600 } },
    });
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null || status === undefined)
      throw new Error('the kubeconfig names no cluster, or it gave no token');
    const account = new KubeConfig();
    account.loadFromClusterAndUser(cluster, { name: OPERATOR, token: status.token });
    const file = join(this.#folder, 'kubeconfig');
    writeFileSync(file, account.exportConfig(), { mode: 0o600 });
    return await startOperator({
      access: await kubeConfigAccess(file),
      ...{
        image: 'chatelaine:test',
        namespaces: [this.namespace],
        home: this.home,
        account: `${this.home}:${OPERATOR}`,
      },
      ...{ instance: 'test', requireDigests: false, webhook: undefined, log: silentLogger },
    });
  }

  async create(object: JsonObject): Promise<void> {
    await this.#objects.create(object, undefined, undefined, MANAGER);
    this.#made.push(object);
  }

  async find(object: JsonObject): Promise<JsonObject | undefined> {
    try {
      return (await this.#objects.read(object as never)) as unknown as JsonObject;
    } catch (error) {
      if ((error as { code?: number }).code === 404) return undefined;
      throw error;
    }
  }

  async remove(object: JsonObject): Promise<void> {
    await this.#objects.delete(object as unknown as ClientObject).catch(() => undefined);
  }

  /** All that was made here, the last first. */
  async close(): Promise<void> {
    for (const object of this.#made.toReversed()) await this.remove(object);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
