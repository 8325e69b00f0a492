/**
 * Gathers the documents of all files into one configuration, and remembers of those that could not
 * be read what they are called, so that nobody who refers to them is blamed as well.
 */
import { DEFAULT_NAMESPACE, type Configuration, type Declared, type Kind } from '#contract';
import type { RawDocument } from './raw-document.ts';

/** A declaration of any kind, as far as the kinds agree. */
export type AnyDeclaration = Declared & {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string | undefined;
};

/** A document that says what it is and what it is called, whether or not the rest of it could be read. */
export interface Announced {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly document: RawDocument;
}

/** The lists of a configuration while they are being filled. */
export type Lists = { -readonly [List in Exclude<keyof Configuration, 'server'>]: Configuration[List][number][] };

export const LIST_OF: Readonly<Record<Exclude<Kind, 'server'>, keyof Lists>> = {
  source: 'sources',
  tool: 'tools',
  toolset: 'toolsets',
  group: 'groups',
  authService: 'authServices',
  prompt: 'prompts',
  resource: 'resources',
  resourceTemplate: 'resourceTemplates',
  embeddingModel: 'embeddingModels',
  roleBinding: 'roleBindings',
  client: 'clients',
  upstream: 'upstreams',
  owner: 'owners',
  policy: 'policies',
  limit: 'limits',
  mask: 'masks',
  mcpServer: 'mcpServers',
};

export function emptyLists(): Lists {
  return {
    sources: [],
    tools: [],
    toolsets: [],
    groups: [],
    authServices: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    embeddingModels: [],
    roleBindings: [],
    clients: [],
    upstreams: [],
    owners: [],
    policies: [],
    limits: [],
    masks: [],
    mcpServers: [],
  };
}

/** Where a document and its fields are. */
export function declared(document: RawDocument): Declared {
  const { source, start } = document;
  return {
    origin: source.position(start),
    directory: source.directory,
    locate: (path, within) => document.locate(path, within),
  };
}

/** What the document calls itself, as far as that can be said without reading it. */
export function announce(document: RawDocument, kind: Kind): Announced | undefined {
  const { name, namespace } = document.value;
  if (typeof name !== 'string') return undefined;
  return { kind, name, namespace: typeof namespace === 'string' ? namespace : DEFAULT_NAMESPACE, document };
}
