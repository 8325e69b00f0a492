/**
 * What the grants of oidc-provider itself are made of, and grants of ours as well: the binding of tokens to keys
 * and the resolution of resources must not differ between them. It has no types; the version is pinned.
 */
declare module 'oidc-provider/lib/helpers/grants.js' {
  import type { KoaContextWithOIDC, Provider, ResourceServerInstance } from 'oidc-provider';

  interface DPoPProof {
    readonly thumbprint: string;
    readonly jti: string;
  }
  type ErrorClass = new () => Error;

  /** The proof in the `DPoP` header, verified; undefined where there is none. */
  export function validateDpop(provider: Provider, ctx: KoaContextWithOIDC): Promise<DPoPProof | undefined>;
  /** Throws where the proof was used before. */
  export function checkDpopReplay(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: DPoPProof | undefined,
    clientId: string,
    error: ErrorClass,
  ): Promise<void>;
  /** Throws where the client takes bound tokens alone, and there is no proof. */
  export function checkDpopRequired(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: DPoPProof | undefined,
    error?: ErrorClass,
  ): void;
  /** The certificate to which the client has its tokens bound; throws where it showed none. */
  export function checkMtlsCert(provider: Provider, ctx: KoaContextWithOIDC): string | undefined;
  /** The resources of the request, or the default; throws `invalid_target`. */
  export function resolveRequestedResources(
    provider: Provider,
    ctx: KoaContextWithOIDC,
  ): Promise<readonly ResourceServerInstance[]>;
}
