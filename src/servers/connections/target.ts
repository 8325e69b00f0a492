/** What there is to connect to, and with what. */
import type { CallerFace } from '#contract';
import type { EgressClient } from '#egress';
import type { Clock, JsonObject, Logger, Secret } from '#kernel';
import type { OutgoingAuth } from '#outgoing-auth';
import type { ServerConnection } from './server-connection.ts';
import type { ProcessPlan } from './stdio/process-plan.ts';
import type { RestartPace } from './stdio/restart-pace.ts';
import type { WireLimits } from './wire.ts';

export type ServerTarget = HttpTarget | StdioTarget;

interface TargetBase {
  /** The server's name, for messages and logs. */
  readonly name: string;
  /** `auto` asks the server; the others say what it speaks. `auto` unless said. */
  readonly protocol?: 'auto' | 'stateless' | 'session';
  readonly limits?: Partial<WireLimits>;
}

export interface HttpTarget extends TargetBase {
  /** `sse` is the transport of revision 2024-11-05, never tried unasked. */
  readonly transport: 'http' | 'sse';
  readonly url: URL;
  /** The way out, with its rules and certificates; shared by all connections to one server, and closed by its owner. */
  readonly client: Pick<EgressClient, 'stream'>;
  readonly auth?: OutgoingAuth;
  /** What every request carries besides, by lower-case name. */
  readonly headers?: Readonly<Record<string, Secret>>;
}

export interface StdioTarget extends TargetBase {
  readonly transport: 'stdio';
  readonly process: ProcessPlan;
  /** How soon it may be started again; of one server, over all its connections. */
  readonly pace: RestartPace;
  /** Milliseconds that a server has for its answer to `server/discover` before it counts as one of the session era. */
  readonly probeMs?: number;
}

export interface ConnectionContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** In whose name requests are authorized; nobody's unless said. */
  readonly caller?: CallerFace;
}

export interface ConnectOptions {
  /** What the caller's client can do, and nothing more: a server asks for whatever is declared. */
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
  readonly signal: AbortSignal;
  /** What an earlier connection found out about this server: it is believed, and not asked again. */
  readonly known?: KnownServer;
}

export type KnownServer = Pick<ServerConnection, 'era' | 'version' | 'capabilities' | 'serverInfo' | 'instructions'>;
