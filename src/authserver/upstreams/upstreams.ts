import type { Clock } from '#kernel';
import { primaryUpstream, type SecretReader, type UpstreamCommon } from '#contract';
import { describeUpstream } from './describe-upstream.ts';
import { upstreamError } from './errors.ts';
import { UpstreamProvider } from './upstream-provider.ts';

interface Known {
  readonly document: UpstreamCommon;
  readonly provider: UpstreamProvider;
}

/**
 * The upstreams that are declared now. Nothing is fetched until one is used, and each has connections, metadata
 * and keys of its own: one that fails holds up no other. A document that a reload replaced begins anew.
 */
export class Upstreams {
  readonly #declared: () => readonly UpstreamCommon[];
  readonly #parts: { readonly secrets: SecretReader; readonly clock: Clock };
  readonly #known = new Map<string, Known>();

  constructor(parts: {
    readonly declared: () => readonly UpstreamCommon[];
    readonly secrets: SecretReader;
    readonly clock: Clock;
  }) {
    this.#declared = parts.declared;
    this.#parts = { secrets: parts.secrets, clock: parts.clock };
  }

  /** Those that there are, in the order of the documents. */
  list(): readonly { readonly name: string; readonly issuer: string; readonly isPrimary: boolean }[] {
    const primary = this.primary();
    return this.#declared().map((document) => {
      const { name, issuer } = describeUpstream(document);
      return { name, issuer, isPrimary: name === primary };
    });
  }

  /** The name of the one that people sign in at; undefined where they sign in with us. */
  primary(): string | undefined {
    return primaryUpstream(this.#declared())?.name;
  }

  /** Throws `UPSTREAM_UNKNOWN`. */
  provider(name: string): UpstreamProvider {
    const declared = this.#declared();
    this.#forget(declared);
    const document = declared.find((one) => one.name === name);
    if (document === undefined)
      throw upstreamError('UPSTREAM_UNKNOWN', `no upstream is called \`${name.slice(0, 128)}\``);
    const known = this.#known.get(name);
    if (known !== undefined) return known.provider;
    const provider = new UpstreamProvider(describeUpstream(document), this.#parts);
    this.#known.set(name, { document, provider });
    return provider;
  }

  async close(): Promise<void> {
    const all = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(all.map(({ provider }) => provider.close()));
  }

  /** Exchanges of a document that is gone may end; new ones begin with what is there. */
  #forget(declared: readonly UpstreamCommon[]): void {
    for (const [name, { document, provider }] of this.#known) {
      if (declared.includes(document)) continue;
      this.#known.delete(name);
      void provider.close();
    }
  }
}
