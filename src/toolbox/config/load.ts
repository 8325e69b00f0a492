import { err, ok, type Result } from '#kernel';
import {
  DEFAULT_NAMESPACE,
  isLoopbackHost,
  serverSchema,
  type Configuration,
  type Kind,
  type ServerSettings,
  type SourceDeclaration,
} from '#contract';
import { checkClientCertificates } from './client-certificates-check.ts';
import { checkOwnerIdentities } from './owner-check.ts';
import { crossCheck } from './cross-check.ts';
import { checkExchange } from './exchange-check.ts';
import { announce, emptyLists, LIST_OF, type AnyDeclaration, type Announced } from './declarations.ts';
import { DeclaredNames } from './declared-names.ts';
import { flatten } from './nested.ts';
import { parseFile, type ConfigurationInput } from './parse.ts';
import { plainSecrets } from './plain-secrets.ts';
import type { RawDocument } from './raw-document.ts';
import { joinServers } from './join-servers.ts';
import { problemAt, sortProblems, wholeFile, type Problem } from './problems.ts';
import { checkReferences } from './references.ts';
import { kindOf, readDocument } from './read-document.ts';
import type { Environment } from './substitute.ts';
import type { Catalog } from './type-names.ts';
import { toolReader, type ReadTool } from './registered-tool.ts';
import { weakSecrets } from './weak-secrets.ts';
import type { NamedSecret } from './vault-references.ts';

/** More are not shown; a file with so many is not the file that was meant. */
const MOST_PROBLEMS = 1000;

export interface LoadOptions {
  /** For `${NAME}`; nothing else of it is looked at. */
  readonly env: Environment;
  /** The source types there are. */
  readonly catalog: Catalog;
}

export interface Loaded {
  readonly configuration: Configuration;
  /** What works and deserves a look all the same. */
  readonly warnings: readonly Problem[];
  /** Files that secrets were read from; a change of one asks for a reload. */
  readonly secretFiles: readonly string[];
  /** Secrets of the vault that sources and tools name; nobody has looked for them yet. */
  readonly secrets: readonly NamedSecret[];
  /** Reads a tool that somebody registers, as if it stood beside these documents. */
  readonly readTool: ReadTool;
}

/**
 * Makes one configuration of all files, or says everything that is wrong with any of them. Never
 * throws, whatever the bytes are; nothing is opened but the files that secrets refer to.
 */
export function loadConfiguration(
  inputs: readonly ConfigurationInput[],
  { env, catalog }: LoadOptions,
): Result<Loaded, readonly Problem[]> {
  const problems: Problem[] = [];
  const { documents, unread } = parseAll(inputs, env, problems);
  const sourceTypes = typesOfSources(documents);
  const lists = emptyLists();
  const announced: Announced[] = [];
  const servers: Server[] = [];
  const secretFiles: string[] = [];
  const warnings: Problem[] = [];
  const secrets: NamedSecret[] = [];
  for (const { kind, document } of documents) {
    const read = readDocument(document, kind, catalog, (namespace, name) =>
      sourceTypes.get(sourceKey(namespace, name)),
    );
    const name = kind === 'server' ? undefined : announce(document, kind);
    if (name) announced.push(name);
    if (!read.ok) {
      problems.push(...orUnreadable(read.error, problems, document));
      if (problems.length > MOST_PROBLEMS) return err(mostOf(problems, inputs));
      continue;
    }
    const { declaration } = read.value;
    secretFiles.push(...read.value.secretFiles);
    const values = kind === 'source' ? (declaration as SourceDeclaration).fields : declaration;
    const weak = weakSecrets({ kind, document, values });
    problems.push(...weak.problems);
    warnings.push(...weak.warnings);
    secrets.push(...read.value.secrets);
    problems.push(...plainSecrets(kind, document));
    if (kind === 'server') servers.push({ settings: declaration as unknown as ServerSettings, document });
    else (lists[LIST_OF[kind]] as unknown as AnyDeclaration[]).push(declaration);
  }
  checkOneServer(documents, problems);
  const names = new DeclaredNames(announced, unread);
  problems.push(...names.problems, ...checkReferences(documents, names), ...crossCheck(lists, servers[0]?.settings));
  if (servers[0] !== undefined) problems.push(...checkExchange(servers[0].settings, servers[0].document, lists));
  // What could not be read of the server is a problem by itself, and says nothing of its listeners.
  if (servers.length > 0 || !documents.some(({ kind }) => kind === 'server'))
    problems.push(
      ...checkClientCertificates(lists.clients, servers[0]?.settings),
      ...checkOwnerIdentities(lists.owners, servers[0]?.settings.internalListener),
    );
  // An editor or a copy empties a file before it writes it: what was caught in between must not be taken
  // for the wish to serve nothing.
  const [empty] = inputs;
  if (problems.length === 0 && documents.length === 0 && empty !== undefined) {
    problems.push(
      problemAt(wholeFile(empty.file), 'NOTHING_DECLARED', 'there is no document here, nor in any other file'),
    );
  }
  if (problems.length > 0) return err(mostOf(problems, inputs));
  const [first] = servers;
  const server = first?.settings ?? serverSchema.parse({ kind: 'server' });
  if (first) warnings.push(...openMetrics(first));
  const readTool = toolReader({ catalog, names, lists, sourceType: (...key) => sourceTypes.get(sourceKey(...key)) });
  return ok({ configuration: { ...lists, server }, warnings, secretFiles, secrets, readTool });
}

/** The problems that are shown, in the order of a reader. */
function mostOf(problems: readonly Problem[], inputs: readonly ConfigurationInput[]): readonly Problem[] {
  const files = inputs.map((input) => input.file);
  return sortProblems(problems, files).slice(0, MOST_PROBLEMS);
}

interface Server {
  readonly settings: ServerSettings;
  readonly document: RawDocument;
}

interface KindOfDocument {
  readonly kind: Kind;
  readonly document: RawDocument;
}

interface Parsed {
  readonly documents: readonly KindOfDocument[];
  readonly unread: readonly string[];
}

function parseAll(inputs: readonly ConfigurationInput[], env: Environment, problems: Problem[]): Parsed {
  const documents: KindOfDocument[] = [];
  const joining: KindOfDocument[] = [];
  const unread: string[] = [];
  for (const input of inputs) {
    const parsed = parseFile(input, env);
    problems.push(...parsed.problems);
    unread.push(...parsed.unread);
    for (const raw of parsed.documents) {
      const flat = flatten(raw);
      problems.push(...flat.problems);
      if (flat.problems.length > 0) unread.push(JSON.stringify(raw.value));
      for (const document of flat.documents) {
        const kind = kindOf(document);
        if (kind.ok) {
          const isJoining = input.joins === true && kind.value === 'server';
          (isJoining ? joining : documents).push({ kind: kind.value, document });
        } else {
          problems.push(kind.error);
          unread.push(JSON.stringify(document.value));
        }
      }
    }
  }
  problems.push(...joinServers(documents, joining));
  return { documents, unread };
}

/**
 * What a document is refused for. Causes that were reported when the text was read are not repeated,
 * but a document that is left out always leaves a problem behind.
 */
function orUnreadable(
  found: readonly Problem[],
  before: readonly Problem[],
  document: RawDocument,
): readonly Problem[] {
  if (found.length > 0 || before.length > 0) return found;
  return [problemAt(document.locate([]), 'FIELD_WRONG', 'the document cannot be read')];
}

/** `/metrics` asks nobody who they are. */
function openMetrics({ settings, document }: Server): Problem[] {
  if (settings.metrics === false || isLoopbackHost(settings.metrics.host)) return [];
  const place = document.locate(['metrics', 'host']);
  return [
    problemAt(
      place,
      'UNENFORCEABLE',
      `\`${settings.metrics.host}\` lets other machines read \`/metrics\`, which asks for no key`,
    ),
  ];
}

const sourceKey = (namespace: unknown, name: unknown): string => JSON.stringify([namespace ?? DEFAULT_NAMESPACE, name]);

/** The types of sources, known before tools are read: what a tool type may be depends on them. */
function typesOfSources(documents: Parsed['documents']): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const { kind, document } of documents) {
    const { namespace, name, type } = document.value;
    if (kind === 'source' && typeof type === 'string') types.set(sourceKey(namespace, name), type);
  }
  return types;
}

function checkOneServer(documents: Parsed['documents'], problems: Problem[]): void {
  const [first, ...others] = documents.filter(({ kind }) => kind === 'server').map(({ document }) => document);
  if (!first) return;
  const { file, line, column } = first.source.position(first.start);
  for (const document of others) {
    problems.push(
      problemAt(
        document.locate([]),
        'NAME_TAKEN',
        `another \`server\` document stands at ${file}:${line}:${column}`,
        'Put both into one.',
      ),
    );
  }
}
