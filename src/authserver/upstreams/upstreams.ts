import { isDeepStrictEqual } from 'node:util';
import { reveal, Secret, type Clock } from '#kernel';
import {
  displayNameOfUpstream,
  issuerOfUpstream,
  LONGEST_UPSTREAM_NAME,
  primaryUpstream,
  upstreamOfServer,
  type OwnServerTokens,
  type ProtectedServer,
  type SecretReader,
  type SecretValue,
  type UpstreamCommon,
} from '#contract';
import { describeUpstream } from './describe-upstream.ts';
import { upstreamError } from './errors.ts';
import type { Provider } from './provider.ts';
import { clientDocument, ServerProvider, type ServerProviderParts } from './servers/index.ts';
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

/** MCP servers that have an authorization server of their own, and who we are there. */
export interface KnownServers extends Pick<ServerProviderParts, 'clients' | 'publicUrl'> {
  readonly declared: () => readonly ProtectedServer[];
}

interface Known {
  /** As the provider was made from it. */
  readonly described: Upstream | ProtectedServer;
  declared: UpstreamCommon | ProtectedServer;
  readonly provider: Provider;
}

/** Longer than a sign-in keeps its provider: a reload must not cut it off between code and userinfo. */
const RETIREMENT_MS = 60_000;

/**
 * The upstreams that are declared now, and those that MCP servers name. Nothing is fetched until one is used, and each has connections, metadata
 * and keys of its own: one that fails holds up no other. After a reload those that did not change go on.
 */
export class Upstreams implements OwnServerTokens {
  readonly #declared: () => readonly UpstreamCommon[];
  readonly #parts: { readonly secrets: SecretReader; readonly clock: Clock };
  readonly #known = new Map<string, Known>();
  readonly #retired = new Map<Provider, NodeJS.Timeout>();
  readonly #servers: KnownServers | undefined;

  constructor(parts: {
    readonly declared: () => readonly UpstreamCommon[];
    readonly secrets: SecretReader;
    readonly clock: Clock;
    readonly servers?: KnownServers | undefined;
  }) {
    this.#declared = parts.declared;
    this.#servers = parts.servers;
    this.#parts = { secrets: parts.secrets, clock: parts.clock };
  }

  /** Those that there are, in the order of the documents; those of MCP servers last. */
  list(): readonly DeclaredUpstream[] {
    const primary = this.primary();
    const documents = this.#declared().map((document) => ({
      name: document.name,
      displayName: displayNameOfUpstream(document),
      issuer: issuerOfUpstream(document),
      isPrimary: document.name === primary,
    }));
    const servers = this.#ofPeople().map((server) => ({
      name: upstreamOfServer(server),
      displayName: server.displayName,
      issuer: server.url,
      isPrimary: false,
    }));
    return [...documents, ...servers];
  }

  /** The names of those that MCP servers name. */
  serverNames(): readonly string[] {
    return this.#ofPeople().map(upstreamOfServer);
  }

  /** The document that describes us at the authorization server of an MCP server; undefined for an unknown one. */
  clientDocument(name: string): Readonly<Record<string, unknown>> | undefined {
    return this.#servers !== undefined && this.#serverOf(name) !== undefined
      ? clientDocument(this.#servers.publicUrl, name)
      : undefined;
  }

  /** The name of the one that people sign in at; undefined where they sign in with us. */
  primary(): string | undefined {
    return primaryUpstream(this.#declared())?.name;
  }

  /** Who that name means now; undefined for nobody. */
  issuerOf(name: string): string | undefined {
    const document = this.#declared().find((one) => one.name === name);
    return document === undefined ? this.#serverOf(name)?.url : issuerOfUpstream(document);
  }

  /** Throws `UPSTREAM_UNKNOWN`. */
  provider(name: string): Provider {
    const declared = this.#declared().find((one) => one.name === name) ?? this.#serverOf(name);
    const known = this.#known.get(name);
    if (known !== undefined && known.declared === declared) return known.provider;
    if (declared === undefined) {
      this.#retire(name);
      throw upstreamError('UPSTREAM_UNKNOWN', `no upstream is called \`${name.slice(0, LONGEST_UPSTREAM_NAME)}\``);
    }
    const described = 'kind' in declared ? describeUpstream(declared) : declared;
    if (known !== undefined && isDeepStrictEqual(comparable(known.described), comparable(described))) {
      known.declared = declared;
      return known.provider;
    }
    this.#retire(name);
    const provider = this.#open(described);
    this.#known.set(name, { described, declared, provider });
    return provider;
  }

  /** `OwnServerTokens`. Throws `UPSTREAM_…`. */
  async ownToken(name: string, refused?: Secret): Promise<Secret> {
    const provider = this.provider(name);
    if (provider instanceof ServerProvider) return await provider.own(refused);
    throw upstreamError('UPSTREAM_UNKNOWN', `the upstream \`${name}\` gives tokens to people`);
  }

  async close(): Promise<void> {
    for (const name of [...this.#known.keys()]) this.#retire(name);
    const all = [...this.#retired];
    this.#retired.clear();
    for (const [, timer] of all) clearTimeout(timer);
    await Promise.all(all.map(([provider]) => provider.close()));
  }

  #open(described: Upstream | ProtectedServer): Provider {
    if (!('auth' in described)) return new UpstreamProvider(described, this.#parts);
    return new ServerProvider(described, { ...this.#parts, ...(this.#servers as KnownServers) });
  }

  #serverOf(name: string): ProtectedServer | undefined {
    return this.#servers?.declared().find((server) => upstreamOfServer(server) === name);
  }

  /** Those where people have tokens. */
  #ofPeople(): readonly ProtectedServer[] {
    return (this.#servers?.declared() ?? []).filter(({ auth }) => auth.grant === 'authorization_code');
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
function comparable(described: Upstream | ProtectedServer): unknown {
  const textOf = (value: SecretValue | undefined) => (value instanceof Secret ? reveal(value) : value);
  if ('auth' in described) {
    const { auth } = described;
    const { clientSecret, privateKey } = auth;
    return { ...described, auth: { ...auth, clientSecret: textOf(clientSecret), privateKey: textOf(privateKey) } };
  }
  const { client, ...upstream } = described;
  return { ...upstream, client: { ...client, secret: textOf(client.secret), privateKey: textOf(client.privateKey) } };
}
