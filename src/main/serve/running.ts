import type { Writable } from 'node:stream';
import type { Deliveries } from '#audit';
import type { CliContext } from '#cli';
import type { SecretReader, ServerSettings } from '#contract';
import type { Logger } from '#kernel';
import type { Configured } from '../configuration/index.ts';
import type { Endings } from '../endings.ts';
import type { ResourceServer } from '#resource-server';
import type { LateCredentials, Services, WorkloadApis } from '../services/index.ts';
import type { OpenRegistry } from '../registry/open-registry.ts';
import type { OwnAuthorizationServer } from './own-authorization-server.ts';
import type { ServeOptions } from './serve-command.ts';

/** A server that was put together, for whoever lets clients in. */
export interface Running {
  readonly options: ServeOptions;
  readonly context: CliContext;
  readonly log: Logger;
  readonly dataDir: string;
  readonly configured: Configured;
  /** The tools that publishers register, and how all tools stand. */
  readonly registry: OpenRegistry;
  readonly settings: ServerSettings;
  readonly services: Services;
  readonly secrets: SecretReader;
  readonly workloads: WorkloadApis;
  readonly resources: ResourceServer;
  readonly own: OwnAuthorizationServer | undefined;
  /** Credentials for one tool; undefined where no tokens are issued. */
  readonly credentials: LateCredentials | undefined;
  /** To be told where clients that show certificates reach this server, if anywhere. */
  readonly agentsReached: (url: URL | undefined) => void;
  /** What carries the audit log to its receivers. */
  readonly deliveries: Deliveries | undefined;
  /** Whether it stands in front of one server: then it has no pages and no API. */
  readonly isProxy: boolean;
  /** Where the protocol goes with `--stdio`. */
  readonly protocol: Writable | undefined;
  readonly endings: Endings;
}
