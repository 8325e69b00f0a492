import { primaryProvider, primaryUpstream, type UpstreamCommon } from '#contract';
import type { Departure, PrimaryProvider, SignInElsewhere } from '#identity';
import type { Logger } from '#kernel';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { INTERACTION } from '../provider/settings.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import { upstreamError } from '../upstreams/errors.ts';
import type { Legs } from '../upstreams/index.ts';

/** From the sign-in page to the primary upstream: the port of identity. */
export class Leave implements SignInElsewhere {
  readonly #declared: () => readonly UpstreamCommon[];
  readonly #legs: Pick<Legs, 'begin'>;
  readonly #artifacts: Pick<Artifacts, 'find'>;
  readonly #owners: OwnerMap;
  readonly #log: Logger;

  constructor(parts: {
    readonly declared: () => readonly UpstreamCommon[];
    readonly legs: Pick<Legs, 'begin'>;
    readonly artifacts: Pick<Artifacts, 'find'>;
    readonly owners: OwnerMap;
    readonly log: Logger;
  }) {
    this.#declared = parts.declared;
    this.#legs = parts.legs;
    this.#artifacts = parts.artifacts;
    this.#owners = parts.owners;
    this.#log = parts.log;
  }

  primary(): PrimaryProvider | undefined {
    return primaryProvider(this.#declared());
  }

  /** Throws `UPSTREAM_…`, and as reading a secret of the upstream does. */
  async begin({ next, anew }: { readonly next: string; readonly anew: boolean }): Promise<Departure> {
    const upstream = primaryUpstream(this.#declared())?.name;
    if (upstream === undefined) throw upstreamError('UPSTREAM_UNKNOWN', 'people sign in at no upstream');
    const owner = await this.#ownerOf(next, upstream);
    try {
      return await this.#legs.begin({ upstream, purpose: { kind: 'sign-in' }, returnTo: next, owner, anew });
    } catch (error) {
      this.#log.warn({ event: 'upstream.unavailable', upstream, err: error }, 'nobody can sign in at an upstream now');
      throw error;
    }
  }

  /**
   * For whom the tokens of the sign-in will be kept: the owner of what the request asks for, if it may use this
   * upstream. Whatever request a browser names, it is the tokens of its own person, and they are good for nothing
   * before that person allows it.
   */
  async #ownerOf(next: string, upstream: string): Promise<string | undefined> {
    const [, uid] = /^\/oauth\/interaction\/([^/?#]+)$/.exec(next) ?? [];
    if (uid === undefined || !next.startsWith(INTERACTION)) return undefined;
    const { params } = ((await this.#artifacts.find('Interaction', uid)) ?? {}) as { readonly params?: unknown };
    const { resource } = (params ?? {}) as { readonly resource?: unknown };
    const owned = typeof resource === 'string' ? this.#owners.resolve(resource) : undefined;
    return owned?.upstreams.includes(upstream) === true ? owned.owner : undefined;
  }
}
