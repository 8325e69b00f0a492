/**
 * The pods of a small cluster as processes: what the operator plans for an MCPAuthServer and an MCPServer, its volumes on
 * disk by a small kubelet, and the very commands of the containers. An address of 127.0.0.0/8 is that of a pod, and names
 * of Services lead there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { V1Deployment } from '@kubernetes/client-node';
import { onTestFinished, vi } from 'vitest';
import { CUSTOM_RESOURCES, type MCPAuthServerSpec, type MCPServerSpec } from '#contract/kubernetes';
import {
  HOST_KEYS,
  ownerSpiffeId,
  planAuthServer,
  planMCPServer,
  type AuthServerFacts,
  type KubernetesObject,
  type OwnerFacts,
  type PlanResult,
} from '#operator';
import { svid, testAuthority, type TestAuthority } from '../../../test/certificates.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { freePort } from '../../../test/loopback.ts';
import { startRedis } from '../../../test/redis.ts';
import { resolveNames } from '../../../test/kubernetes/cluster-names.ts';
import { PodOnDisk, type Cluster, type Files } from '../../../test/kubernetes/kubelet.ts';
import { COMMAND, workspace, type Workspace } from './server.fixture.ts';

const NAMES_FILE = fileURLToPath(new URL('../../../test/kubernetes/cluster-names.ts', import.meta.url));
const ECHO_SERVER = fileURLToPath(new URL('../../../test/kubernetes/echo-server.ts', import.meta.url));

const TRUST_DOMAIN = 'td.test';
const SERVER_ID = `spiffe://${TRUST_DOMAIN}/ns/system/authserver/login`;
const OWNER = { kind: 'MCPServer', namespace: 'tools', name: 'weather' } as const;

const PEOPLE = ['ana', 'both are trusted', 'the new one issues', 'the old one is gone'];

/** A pod that runs. */
export interface Pod {
  readonly disk: PodOnDisk;
  readonly output: () => string;
  /** Sends SIGTERM, as a kubelet does; gives the exit code. */
  stop(): Promise<number | null>;
}

export interface SmallCluster {
  readonly issuer: URL;
  readonly resource: URL;
  readonly idp: CompanyIdp;
  readonly authServers: readonly Pod[];
  readonly proxy: Pod;
  readonly server: Pod;
  /** Another authority in the place of the last, in three steps as an operator takes them; each writes the mounts anew. */
  rotate(step: 'both are trusted' | 'the new one issues' | 'the old one is gone'): void;
  /** Objects as they are planned, for looking at. */
  readonly objects: readonly KubernetesObject[];
}

const objectsOf = (plan: PlanResult): readonly KubernetesObject[] => {
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  return plan.value.objects;
};

/** Pods of tests that run at the same time have other addresses. */
const subnet = (): string => `127.${20 + (process.pid % 200)}.${randomBytes(1)[0]}`;

export async function startCluster({
  dialect = 'sqlite',
}: { readonly dialect?: TestDialect } = {}): Promise<SmallCluster> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const net = subnet();
  const count = dialect === 'sqlite' ? 1 : 2;
  const ipsOfLogin = Array.from({ length: count }, (_, index) => `${net}.${11 + index}`);
  const [ipOfProxy, ipOfServer] = [`${net}.21`, `${net}.22`];
  const names = {
    'login.example.test': ipsOfLogin,
    'login-internal.system.svc': ipsOfLogin,
    'weather.example.test': [ipOfProxy],
    'weather-server.tools.svc': [ipOfServer],
  };
  const issuer = new URL('https://login.example.test:7420');
  const resource = new URL('https://weather.example.test:7420/mcp');
  const idp = await startCompanyIdp({ redirectUris: [new URL('/oauth/callback/acme', issuer).href] });
  for (const name of PEOPLE) idp.accounts.set(name, { preferred_username: name });
  const database = await emptyPlace(dialect);
  const configMaps: Record<string, Files> = {};
  const storage = await storageOf(database, place, configMaps);

  const authorities: TestAuthority[] = [testAuthority('First')];
  resolveNames(names);
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, ...authorities.map(({ cert }) => cert)]);
  onTestFinished(() => setDefaultCACertificates(trusted));

  const owner: OwnerFacts = {
    ...OWNER,
    uid: 'uid-of-weather',
    resourceUrl: resource.href,
    scopes: [],
    upstreams: ['acme'],
  };
  const bundle = { name: 'login-bundle', key: 'ca.crt' };
  const operator = { image: 'chatelaine' };
  const ofLogin = planAuthServer({
    resource: {
      metadata: { name: 'login', namespace: 'system', uid: 'uid-of-login' },
      spec: authServerSpec(issuer, idp, storage, count),
    },
    ...{ owners: [owner], operator, hostKeys: 'login-host-keys' },
    certificates: { server: 'login-server-cert', clientBundle: bundle },
  });
  const facts: AuthServerFacts = {
    ...{
      namespace: 'system',
      name: 'login',
      issuer: issuer.origin,
      internalUrl: 'https://login-internal.system.svc:7443',
    },
    ...{
      ports: { public: 7420, internal: 7443 },
      bundle,
      issuerBundle: bundle,
      serverSpiffeId: SERVER_ID,
      upstreams: ['acme'],
    },
  };
  const ofWeather = planMCPServer({
    resource: {
      metadata: { name: 'weather', namespace: 'tools', uid: owner.uid },
      spec: serverSpec(resource, ipOfServer),
    },
    ...{ authServer: facts, operator, certificates: { client: 'weather-client-cert', serving: 'weather-server-cert' } },
    external: {
      name: 'as-acme',
      spec: CUSTOM_RESOURCES.MCPExternalAuthConfig.spec.parse({
        type: 'authServer',
        authServerRef: { name: 'login', namespace: 'system' },
      }),
    },
  });
  const objects = [...objectsOf(ofLogin), ...objectsOf(ofWeather)];

  const secrets: Record<string, Files> = {
    acme: { secret: idp.clientSecret },
    db: { password: (database.document as { readonly password?: string }).password ?? '' },
    'login-host-keys': hostKeys(),
  };
  for (const { kind, metadata, data } of objects) if (kind === 'ConfigMap') configMaps[metadata.name] = data as Files;
  const pair = ({ cert, key }: { readonly cert: string; readonly key: string }): Files => ({
    'tls.crt': cert,
    'tls.key': key,
  });
  const issue = (by: TestAuthority): void => {
    const own = svid(SERVER_ID);
    secrets['login-server-cert'] = pair(by.issue(['login.example.test', 'login-internal.system.svc'], own));
    secrets['weather-client-cert'] = pair(by.issue([], svid(ownerSpiffeId(owner, TRUST_DOMAIN))));
    secrets['weather-server-cert'] = pair(by.issue(['weather.example.test']));
  };
  const trust = (): void => {
    configMaps[bundle.name] = { [bundle.key]: authorities.map(({ cert }) => cert).join('') };
    setDefaultCACertificates([...trusted, ...authorities.map(({ cert }) => cert)]);
  };
  issue(authorities[0] as TestAuthority);
  trust();

  const cluster: Cluster = { secrets, configMaps };
  const deployments = objects.filter(({ kind }) => kind === 'Deployment') as unknown as readonly V1Deployment[];
  const podOf = (name: string, ip: string): PodOnDisk => {
    const found = deployments.find(({ metadata }) => metadata?.name === name);
    const disk = new PodOnDisk(found?.spec?.template.spec as never, { root: join(place.folder, ip), ip });
    disk.mount(cluster);
    return disk;
  };
  const started = async (disk: PodOnDisk, ip: string, port: number): Promise<Pod> => {
    const pod = startPod(disk, names);
    onTestFinished(async () => void (await pod.stop()));
    await listening(ip, port, pod);
    return pod;
  };
  const authServers: Pod[] = [];
  for (const ip of ipsOfLogin) authServers.push(await started(podOf('login', ip), ip, 7420));
  const server = await started(podOf('weather-server', ipOfServer), ipOfServer, 8080);
  const proxy = await started(podOf('weather', ipOfProxy), ipOfProxy, 7420);
  const pods = [...authServers, proxy];
  return {
    ...{ issuer, resource, idp, authServers, proxy, server, objects },
    rotate(step) {
      if (step === 'both are trusted') authorities.push(testAuthority('Second'));
      if (step === 'the new one issues') issue(authorities.at(-1) as TestAuthority);
      if (step === 'the old one is gone') authorities.shift();
      trust();
      for (const { disk } of pods) disk.mount(cluster);
    },
  };
}

/** PostgreSQL and Valkey of this machine, as an object names them; two pods share them. */
async function storageOf(
  { document }: TestPlace,
  place: Workspace,
  configMaps: Record<string, Files>,
): Promise<object> {
  const { type, host, port, user, database } = document;
  if (type === 'sqlite') return { type };
  const authority = testAuthority('Valkey');
  const { cert, key } = authority.issue(['127.0.0.1']);
  const files = { cert, key, 'ca-cert': authority.cert };
  const options = Object.entries(files).flatMap(([name, pem]) => [
    `--tls-${name}-file`,
    place.write(`valkey-${name}.pem`, pem),
  ]);
  const tlsPort = await freePort();
  const redis = await startRedis({
    port: tlsPort,
    settings: ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...options],
  });
  onTestFinished(async () => await redis.stop());
  configMaps['valkey-ca'] = { 'ca.crt': authority.cert };
  return {
    ...{ type, host, port, user, database, poolSize: 5, passwordSecretRef: { name: 'db', key: 'password' } },
    counters: { host: '127.0.0.1', port: tlsPort, tls: { caBundleRef: { name: 'valkey-ca' } } },
  };
}

/** What the API server would have checked is; the provider of the test is on this machine, and speaks no TLS. */
function authServerSpec(issuer: URL, idp: CompanyIdp, storage: object, replicas: number): MCPAuthServerSpec {
  const spec = CUSTOM_RESOURCES.MCPAuthServer.spec.parse({
    ...{ issuer: issuer.origin, tls: { clientAuth: { trustDomain: TRUST_DOMAIN } }, storage, replicas },
    upstreams: [
      {
        ...{ name: 'acme', type: 'oidc', issuer: 'https://stands.in', clientId: idp.clientId },
        ...{ allowPrivateNetworks: true, clientSecretRef: { name: 'acme', key: 'secret' } },
      },
    ],
  });
  const upstreams = spec.upstreams.map((one) => (one.type === 'oidc' ? { ...one, issuer: idp.issuer } : one));
  return { ...spec, upstreams };
}

const serverSpec = (resource: URL, ip: string): MCPServerSpec =>
  CUSTOM_RESOURCES.MCPServer.spec.parse({
    ...{ image: 'echo:1', resourceUrl: resource.href, externalAuthConfigRef: { name: 'as-acme' } },
    command: [process.execPath, '--conditions=chatelaine-source', ECHO_SERVER],
    env: [{ name: 'LISTEN', value: `${ip}:8080` }],
  });

const hostKeys = (): Files => ({
  [HOST_KEYS.vault]: `${randomBytes(32).toString('base64')}\n`,
  [HOST_KEYS.signing]: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  [HOST_KEYS.digest]: randomBytes(32),
});

/** Runs the container in an environment that has nothing but what it says. */
function startPod(disk: PodOnDisk, names: object): Pod {
  const { command, env } = disk.run();
  // The entry point of the image, which is what `bin/chatelaine` is (scripts/test/image.test.ts).
  const [program = '', ...args] = disk.container.command === undefined ? [COMMAND, ...command] : command;
  const preload = { NODE_OPTIONS: `--import=${NAMES_FILE}`, CLUSTER_NAMES: JSON.stringify(names) };
  mkdirSync(disk.path('/tmp'), { recursive: true });
  const child: ChildProcess = spawn(program, args, {
    cwd: disk.path('/tmp'),
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...env, ...preload },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    disk,
    output: () => (child.exitCode === null ? output : `${output}\nended with ${child.exitCode}`),
    async stop() {
      child.kill('SIGTERM');
      return await exited;
    },
  };
}

/** As a startup probe: until the port takes connections. */
const listening = async (host: string, port: number, pod: Pod): Promise<void> =>
  await vi.waitFor(
    async () => {
      const taken = await new Promise<boolean>((resolve) => {
        const socket = createConnection(port, host, () => resolve(true)).on('error', () => resolve(false));
        socket.on('connect', () => socket.destroy());
      });
      if (!taken) throw new Error(`nothing listens at ${host}:${port}: ${pod.output().slice(-3000)}`);
    },
    { timeout: 60_000, interval: 100 },
  );
