import { isDeepStrictEqual } from 'node:util';
import { reveal, Secret, type Clock } from '#kernel';
import {
  displayNameOfUpstream,
  issuerOfUpstream,
  primaryUpstream,
  type SecretReader,
  type SecretValue,
  type UpstreamCommon,
} from '#contract';
import { describeUpstream } from './describe-upstream.ts';
import { upstreamError } from './errors.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamProvider } from './upstream-provider.ts';

/** What is said of an upstream outside. */
export interface DeclaredUpstream {
  readonly name: string;
  /** For people; text, to be escaped where it is shown. */
  readonly displayName: string;
  readonly issuer: string;
  readonly isPrimary: boolean;
}

interface Known {
  /** As the provider was made from it. */
  readonly described: Upstream;
  document: UpstreamCommon;
  readonly provider: UpstreamProvider;
}

/** Longer than a sign-in keeps its provider: a reload must not cut it off between code and userinfo. */
const RETIREMENT_MS = 60_000;

/**
 * The upstreams that are declared now. Nothing is fetched until one is used, and each has connections, metadata
 * and keys of its own: one that fails holds up no other. After a reload those that did not change go on.
 */
export class Upstreams {
  readonly #declared: () => readonly UpstreamCommon[];
  readonly #parts: { readonly secrets: SecretReader; readonly clock: Clock };
  readonly #known = new Map<string, Known>();
  readonly #retired = new Map<UpstreamProvider, NodeJS.Timeout>();

  constructor(parts: {
    readonly declared: () => readonly UpstreamCommon[];
    readonly secrets: SecretReader;
    readonly clock: Clock;
  }) {
    this.#declared = parts.declared;
    this.#parts = { secrets: parts.secrets, clock: parts.clock };
  }

  /** Those that there are, in the order of the documents. */
  list(): readonly DeclaredUpstream[] {
    const primary = this.primary();
    return this.#declared().map((document) => ({
      name: document.name,
      displayName: displayNameOfUpstream(document),
      issuer: issuerOfUpstream(document),
      isPrimary: document.name === primary,
    }));
  }

  /** The name of the one that people sign in at; undefined where they sign in with us. */
  primary(): string | undefined {
    return primaryUpstream(this.#declared())?.name;
  }

  /** Who that name means now; undefined for nobody. */
  issuerOf(name: string): string | undefined {
    const document = this.#declared().find((one) => one.name === name);
    return document && issuerOfUpstream(document);
  }

  /** Throws `UPSTREAM_UNKNOWN`. */
  provider(name: string): UpstreamProvider {
    const document = this.#declared().find((one) => one.name === name);
    const known = this.#known.get(name);
    if (known !== undefined && known.document === document) return known.provider;
    if (document === undefined) {
      this.#retire(name);
      throw upstreamError('UPSTREAM_UNKNOWN', `no upstream is called \`${name.slice(0, 128)}\``);
    }
    const described = describeUpstream(document);
    if (known !== undefined && isDeepStrictEqual(comparable(known.described), comparable(described))) {
      known.document = document;
      return known.provider;
    }
    this.#retire(name);
    const provider = new UpstreamProvider(described, this.#parts);
    this.#known.set(name, { described, document, provider });
    return provider;
  }

  async close(): Promise<void> {
    for (const name of [...this.#known.keys()]) this.#retire(name);
    const all = [...this.#retired];
    this.#retired.clear();
    for (const [, timer] of all) clearTimeout(timer);
    await Promise.all(all.map(([provider]) => provider.close()));
  }

  #retire(name: string): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    this.#known.delete(name);
    const { provider } = known;
    const timer = setTimeout(() => {
      this.#retired.delete(provider);
      void provider.close();
    }, RETIREMENT_MS).unref();
    this.#retired.set(provider, timer);
  }
}

/** With what a `Secret` hides: two of them look alike to whoever compares. */
function comparable({ client, ...upstream }: Upstream): unknown {
  const textOf = (value: SecretValue | undefined) => (value instanceof Secret ? reveal(value) : value);
  return { ...upstream, client: { ...client, secret: textOf(client.secret), privateKey: textOf(client.privateKey) } };
}
