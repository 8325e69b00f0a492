/** The way to one server: what its document says as a target of the wire, and what its connections share. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CallerFace, McpServerDeclaration, OwnServerTokens, SecretReader, WorkloadIdentities } from '#contract';
import { CurrentClient, EgressClient, egressRulesOf, type EgressTls } from '#egress';
import { reveal, type Clock, type JsonObject, type Logger } from '#kernel';
import type { OutgoingAuth } from '#outgoing-auth';
import { certificateOf, privateKeyOf, readTls, SourceSecrets, untilAborted, workloadIdentity } from '#toolbox';
import { openAuthorization } from './authorization.ts';
import {
  connect,
  RestartPace,
  type HttpTarget,
  type KnownServer,
  type ServerConnection,
  type StdioTarget,
} from './connections/index.ts';

/** For whom a connection is opened. */
export interface ConnectionWish {
  /** In whose name requests are authorized; `NOBODY` where it is asked what there is. */
  readonly caller: CallerFace;
  /** What the client behind can be asked, as the server is to know it. */
  readonly capabilities: JsonObject;
  /** What another connection found out. */
  readonly known?: KnownServer | undefined;
  /** Ends the opening. */
  readonly signal: AbortSignal;
}

export interface ConnectorParts {
  readonly secrets: SecretReader | undefined;
  /** Our own tokens of authorization servers that servers name, once it is known who has them; none without. */
  readonly tokens?: (() => Promise<OwnServerTokens | undefined>) | undefined;
  /** Who we are by SPIFFE Workload APIs; none without. */
  readonly workloads?: WorkloadIdentities | undefined;
  /** Below it each child process has a folder of its own. */
  readonly stateDirectory: string;
  /** How long work waits for a client to come back with answers; ten minutes, as long as what names it counts. */
  readonly answersWithinMs?: number | undefined;
  /** Who we say that we are. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Connector {
  /** How requests are authorized; not at all without it. */
  readonly auth: OutgoingAuth | undefined;
  readonly #declaration: McpServerDeclaration;
  readonly #parts: ConnectorParts;
  readonly #secrets: SourceSecrets;
  readonly #pace: RestartPace;
  readonly #tokenClient: EgressClient;
  readonly #clients: CurrentClient;
  #foreignFolder: Promise<string> | undefined;

  constructor(declaration: McpServerDeclaration, parts: ConnectorParts) {
    this.#declaration = declaration;
    this.#parts = parts;
    this.#secrets = new SourceSecrets(parts.secrets, declaration, parts.clock);
    this.#pace = new RestartPace(parts.clock);
    const { clock, tokens } = parts;
    const rules = egressRulesOf(declaration);
    const own = declaration.url === undefined ? {} : { identityFor: new URL(declaration.url) };
    // Not our certificate; the server's name and keys where it gives tokens itself, and the same authorities elsewhere.
    this.#tokenClient = new EgressClient({ rules, ...own, tls: async () => await this.#trust() });
    this.#clients = new CurrentClient(
      (identity) =>
        new EgressClient({
          rules,
          tls: async () => ({ ...(await this.#tls()), ...identity }),
          ...own,
          // Every session holds a stream open, and every running call another.
          maxConnections: 2 * declaration.maxConnections + 64,
        }),
    );
    this.auth = openAuthorization(declaration, { egress: this.#tokenClient, secrets: this.#secrets, tokens, clock });
  }

  /** Connects as `connect` of the wire does, and rejects likewise; with `SECRET_UNAVAILABLE` too. */
  async open({ caller, capabilities, known, signal }: ConnectionWish): Promise<ServerConnection> {
    const { clock, log, version } = this.#parts;
    const target = this.#declaration.url === undefined ? await this.#process() : this.#remote(this.#declaration.url);
    return await connect(
      target,
      { clock, log, caller },
      {
        capabilities,
        clientInfo: { name: 'chatelaine', title: 'Chatelaine', version },
        signal,
        ...(known !== undefined && { known }),
      },
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#clients.close(), this.#tokenClient.close()]);
    const folder = await this.#foreignFolder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  #remote(url: string): HttpTarget {
    const { name, transport, protocol } = this.#declaration;
    const { auth } = this;
    return {
      ...{ name, protocol, url: new URL(url) },
      client: {
        stream: async (request) => await (await untilAborted(this.#client(), request.signal)).stream(request),
      },
      transport: transport === 'sse' ? 'sse' : 'http',
      ...(auth !== undefined && { auth }),
    };
  }

  /** The client for now: another one when our certificate is another. */
  async #client(): Promise<EgressClient> {
    const { tls } = this.#declaration;
    const own = await this.auth?.identity?.();
    const ofTls = await this.#secrets.stamp([tls?.clientCert, tls?.clientKey])?.();
    const workload = await workloadIdentity(tls, this.#declaration.name, this.#parts.workloads);
    return this.#clients.for(`${own?.stamp ?? ''} ${ofTls ?? ''} ${workload?.stamp ?? ''}`, {
      ...workload?.tls,
      ...(own !== undefined && { cert: own.cert, key: reveal(own.key) }),
    });
  }

  async #trust(): Promise<EgressTls> {
    const { ca, pin, serverName } = this.#declaration.tls ?? {};
    return await readTls({ ca, pin, serverName }, this.#declaration.directory);
  }

  async #tls(): Promise<EgressTls> {
    const { tls, directory } = this.#declaration;
    if (tls === undefined) return {};
    const { clientCert, clientKey, ca, pin, serverName } = tls;
    const config = {
      ...{ ca, pin, serverName },
      clientCert: clientCert && (await this.#secrets.text(clientCert, certificateOf)),
      clientKey: clientKey && (await this.#secrets.text(clientKey, privateKeyOf)),
    };
    return await readTls(config, directory);
  }

  async #ownFolder(): Promise<string> {
    const { name, namespace } = this.#declaration;
    const directory = join(this.#parts.stateDirectory, 'servers', namespace, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  /** Another user may not enter the data directory, and finds no way to what lies in it. */
  async #folderOfUser(): Promise<string> {
    this.#foreignFolder ??= mkdtemp(join(tmpdir(), 'chatelaine-server-'));
    return await this.#foreignFolder;
  }

  async #process(): Promise<StdioTarget> {
    const { name, command = '', args, cwd, env, user, limits, protocol } = this.#declaration;
    const directory = await (user === undefined ? this.#ownFolder() : this.#folderOfUser());
    const values: Record<string, string> = {};
    for (const [variable, value] of Object.entries(env)) values[variable] = reveal(await this.#secrets.text(value));
    return {
      ...{ name, protocol, transport: 'stdio', pace: this.#pace },
      process: {
        ...{ command, args, env: values, directory },
        ...(cwd !== undefined && { cwd: resolve(this.#declaration.directory, cwd) }),
        ...(user !== undefined && { uid: user.uid, gid: user.gid }),
        ...(limits !== undefined && {
          limits: {
            ...(limits.memory !== undefined && { addressSpaceBytes: limits.memory }),
            ...(limits.cpu !== undefined && { cpuSeconds: Math.ceil(limits.cpu / 1000) }),
            ...(limits.openFiles !== undefined && { openFiles: limits.openFiles }),
            ...(limits.processes !== undefined && { processes: limits.processes }),
            ...(limits.fileSize !== undefined && { fileSizeBytes: limits.fileSize }),
          },
        }),
      },
    };
  }
}
