import type { Principal } from '#contract';
import type { JsonValue } from '#kernel';
import { argumentValue, UNREPRESENTABLE, type Circumstances, type DecisionRequest, type Entity } from '#policy';
import type { Tool } from '#toolbox';
import type { Door } from '../pipeline/call-request.ts';
import type { SeenLabels } from '../shaping/index.ts';
import type { Peer } from '../pipeline/peer.ts';

const NONE: Readonly<Record<string, JsonValue>> = Object.freeze({});

/** Who asks, and from where. */
export interface Viewer {
  readonly principal: Principal;
  readonly peer: Peer;
  readonly door: Door;
}

/**
 * One call as policies look at it. Most look at little, so everything is worked out when it is looked at; the
 * arguments are set once they are checked, and nobody may look at them before.
 */
export class ToolQuestion implements DecisionRequest, Circumstances {
  readonly action = 'execute';
  readonly principal: Entity;
  readonly resource: Entity;
  readonly namespace: string;
  readonly now: number;
  readonly #seen: SeenLabels;
  readonly #viewer: Viewer;
  readonly #tool: Tool;
  /** Undefined until they are checked. */
  arguments: Readonly<Record<string, JsonValue>> | undefined = undefined;

  constructor(
    viewer: Viewer,
    tool: Tool,
    entities: { readonly principal: Entity; readonly tool: Entity },
    now: number,
    seen: SeenLabels,
  ) {
    this.#viewer = viewer;
    this.#tool = tool;
    this.principal = entities.principal;
    this.resource = entities.tool;
    this.namespace = tool.namespace;
    this.now = now;
    this.#seen = seen;
  }

  get circumstances(): Circumstances {
    return this;
  }

  get door(): Circumstances['door'] {
    return this.#viewer.door === 'invoke' ? 'cli' : this.#viewer.door;
  }

  get method(): string {
    return this.#viewer.principal.via.method;
  }

  get scopes(): ReadonlySet<string> {
    return this.#viewer.principal.scopes;
  }

  get client(): string | undefined {
    return this.#viewer.principal.clientId;
  }

  get address(): string | undefined {
    return this.#viewer.peer.address;
  }

  get country(): Circumstances['country'] {
    return this.#viewer.peer.country;
  }

  get asn(): Circumstances['asn'] {
    return this.#viewer.peer.asn;
  }

  get authTime(): number | undefined {
    return this.#viewer.principal.authTime;
  }

  get mfa(): boolean {
    return this.#viewer.principal.amr?.includes('mfa') === true;
  }

  get actors(): readonly string[] {
    return (this.#viewer.principal.act ?? []).map(({ iss, sub }) => `${iss}#${sub}`);
  }

  get seen(): readonly string[] {
    return this.#seen.of(this.#viewer.principal);
  }

  argument(name: string): ReturnType<Circumstances['argument']> {
    const declared = this.#tool.argumentTypes[name];
    // A tool whose parameters nobody declared has none that a policy could be sure of.
    const given = this.arguments ?? NONE;
    if (declared === undefined) return Object.hasOwn(given, name) ? UNREPRESENTABLE : undefined;
    return argumentValue(given[name], declared);
  }
}
