import type { AuditTrail, CallerFace, ServerSettings, TokenVerifier } from '#contract';
import type { ApiHandler } from '#http';
import type { Clock, Logger } from '#kernel';
import type { CurrentPolicies } from '#policy';
import type { ResourceServer } from '#resource-server';
import type { ServerTls } from '#tls';
import type { ToolboxSnapshot } from '#toolbox';
import type { Pages } from './http/pages.ts';
import type { Siblings } from './http/siblings/index.ts';
import type { CallObserver } from './pipeline/call-observer.ts';
import type { ExchangeState } from './operations/readiness.ts';
import type { CallerGrants } from './pipeline/caller-grants.ts';
import type { CallSteps } from './pipeline/call-steps.ts';

/** The toolbox as the gateway sees it: the snapshot of now, and news of the next. */
export interface ToolboxHolder {
  current(): ToolboxSnapshot;
  onChange(listener: (snapshot: ToolboxSnapshot) => void): unknown;
}

export interface GatewayOptions {
  readonly toolbox: ToolboxHolder;
  readonly verifier: TokenVerifier;
  /** Whose tokens open which doors; without it no issuer is trusted, and no tool gets a token of its own. */
  readonly resources?: ResourceServer;
  /** Who may call what. */
  readonly policies: CurrentPolicies;
  /** What else is asked of calls. */
  readonly steps?: Omit<CallSteps, 'decisions' | 'shaping'>;
  /** Who keeps tokens of callers at identity providers; without it tools get none. */
  readonly grants?: CallerGrants | undefined;
  /**
   * What is done before a caller is shown what there is, and awaited; a fault of it on our side of a request (status 500
   * and above) is the answer. Nothing without it.
   */
  readonly introduce?: ((caller: CallerFace) => Promise<void>) | undefined;
  /** How who keeps them elsewhere is, for `/readyz`; never rejects. */
  readonly exchange?: (() => Promise<ExchangeState>) | undefined;
  readonly settings: ServerSettings;
  /** 32 bytes that seal `requestState`; the same in every process that serves the same clients. */
  readonly stateKey: Buffer;
  /** 32 bytes that masked values are digested with, the same in every process; asked for by the first that is masked. */
  readonly maskKey: () => Promise<Buffer>;
  /** Where every call, authentication and refusal goes on record. */
  readonly trail: AuditTrail;
  /** Answers below `/api/v1`; nothing does without it. */
  readonly api?: ApiHandler;
  /** What people see of signing in; nothing without it. */
  readonly pages?: Pages;
  /** What answers programs that show a client certificate, in its place there: people have none to show. */
  readonly agentPages?: Pages | undefined;
  /** The other processes of the installation; nothing without them. */
  readonly siblings?: Siblings | undefined;
  readonly observers: readonly CallObserver[];
  /** The TLS of the listeners, as far as `/readyz` and the `Host` header go by it. */
  readonly tls?: readonly ServerTls[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}
