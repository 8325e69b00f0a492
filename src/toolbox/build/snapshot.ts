import type {
  Configuration,
  Declared,
  McpServerDeclaration,
  SecretReader,
  SourceDeclaration,
  ToolDeclaration,
  WorkloadIdentities,
} from '#contract';
import { DEFAULT_NAMESPACE } from '#contract';
import { err, ok, type Clock, type Logger, type Result } from '#kernel';
import { problemAt, sortProblems, type Problem } from '../config/problems.ts';
import { findToolType, type Catalog } from '../config/type-names.ts';
import type { Embedder } from '../embeddings/embedder.ts';
import { customPrompt, modulePrompt } from '../prompts/index.ts';
import { openResource, openResourceTemplate } from '../resources/index.ts';
import type { FederatedServer, OpenServer } from '../federated-server.ts';
import type { ModuleSource } from '../sources/module/module-source.ts';
import type { NamespaceView, Prompt, Resource, ResourceTemplate, Tool, ToolboxSnapshot } from '../snapshot.ts';
import { ConfigurationFault } from '../tools/tool-type.ts';
import { buildGroups } from './groups.ts';
import { OpenSource } from './open-source.ts';
import { sameServer } from './same-config.ts';
import { joinServers } from './server-entries.ts';
import { buildTool } from './tool.ts';
import { versionOf } from './version.ts';

export interface BuildOptions {
  /** The source types there are. */
  readonly catalog: Catalog;
  /** Makes what an `embeddingModel` document describes. */
  readonly openEmbedder: (declaration: Configuration['embeddingModels'][number]) => Embedder;
  /** Opens MCP servers; without it what `mcpServer` documents say of them is not there. */
  readonly openServer?: OpenServer | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Follows `secret://…`; without one every source that names a secret fails when it is used. */
  readonly secrets?: SecretReader | undefined;
  /** Who we are by SPIFFE Workload APIs; without it every source that names one fails when it is used. */
  readonly workloads?: WorkloadIdentities | undefined;
  /** What else must be right with a configuration and what was built of it; nothing by default. */
  readonly judge?: Judge | undefined;
  /** The build whose sources go on where nothing about them changed. */
  readonly previous?: BuiltSnapshot | undefined;
}

/** `trial`: to see what would come of it, and not to be used. */
export type Judge = (
  configuration: Configuration,
  snapshot: ToolboxSnapshot,
  purpose: 'use' | 'trial',
) => Promise<Judgement>;

export interface Judgement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export interface BuiltSnapshot {
  readonly snapshot: ToolboxSnapshot;
  /** What works and deserves a look all the same. */
  readonly warnings: readonly Problem[];
  /** Files of modules, whose change asks for a build of the same configuration. */
  readonly files: readonly string[];
  /** Registered tools that could not be built: they are left out, and nothing else is. */
  readonly broken: readonly BrokenTool[];
  /** Every source of the snapshot, by namespace and name. */
  readonly sources: ReadonlyMap<string, OpenSource>;
  /** Every MCP server of the snapshot, likewise. */
  readonly servers: ReadonlyMap<string, FederatedServer>;
}

/** A registered tool that does not run, and why. */
export interface BrokenTool {
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * Builds the snapshot of a configuration, or says everything that is wrong with it. Nothing is
 * connected: sources open on their first use. On problems every source that this build opened is closed
 * again, and the previous build's are as they were.
 */
export async function buildSnapshot(
  configuration: Configuration,
  options: BuildOptions,
): Promise<Result<BuiltSnapshot, readonly Problem[]>> {
  const build = new SnapshotBuild(configuration, options);
  try {
    await build.openSources();
    const built = build.finish();
    const judged = built.ok ? await options.judge?.(configuration, built.value.snapshot, 'use') : undefined;
    if (!built.ok || judged === undefined) return built;
    if (judged.problems.length === 0)
      return ok({ ...built.value, warnings: [...built.value.warnings, ...judged.warnings] });
    build.discard();
    return err(judged.problems);
  } catch (error) {
    build.discard();
    throw error;
  }
}

class SnapshotBuild {
  readonly #configuration: Configuration;
  readonly #options: BuildOptions;
  readonly #sources = new Map<string, OpenSource>();
  readonly #servers = new Map<string, FederatedServer>();
  readonly #opened: { retire(): Promise<void> }[] = [];
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  readonly #broken: BrokenTool[] = [];

  constructor(configuration: Configuration, options: BuildOptions) {
    this.#configuration = configuration;
    this.#options = options;
  }

  async openSources(): Promise<void> {
    for (const declaration of this.#configuration.sources) {
      const key = keyOf(declaration);
      const before = this.#options.previous?.sources.get(key);
      const open = before?.serves(declaration) === true ? before : await this.#open(declaration);
      if (open !== undefined) this.#sources.set(key, open);
    }
    for (const declaration of this.#configuration.mcpServers) this.#openServer(declaration);
  }

  #openServer(declaration: McpServerDeclaration): void {
    const { openServer, previous } = this.#options;
    const key = keyOf(declaration);
    let server = previous?.servers.get(key);
    if (server === undefined || !sameServer(server.declaration, declaration)) {
      server = openServer?.(declaration);
      if (server === undefined) return;
      this.#opened.push(server);
    }
    this.#servers.set(key, server);
  }

  async #open(declaration: SourceDeclaration): Promise<OpenSource | undefined> {
    const { catalog, clock, log, secrets, workloads } = this.#options;
    const type = catalog.find((candidate) => candidate.type === declaration.type);
    if (type === undefined) {
      this.#report(declaration, new ConfigurationFault(['type'], `there is no source type \`${declaration.type}\``));
      return undefined;
    }
    try {
      const open = await OpenSource.open(type, declaration, { clock, log, secrets, workloads });
      this.#opened.push(open);
      return open;
    } catch (fault) {
      this.#report(declaration, fault);
      return undefined;
    }
  }

  finish(): Result<BuiltSnapshot, readonly Problem[]> {
    // What is not called, such as a role or a client, makes no place to call tools in.
    const { sources, tools, toolsets, groups, prompts, mcpServers } = this.#configuration;
    const { authServices, resources, resourceTemplates, embeddingModels } = this.#configuration;
    const callable = [sources, tools, toolsets, groups, prompts, mcpServers];
    const declared = [...callable, authServices, resources, resourceTemplates, embeddingModels].flatMap((list) =>
      list.map((declaration) => declaration.namespace),
    );
    const names = new Set([DEFAULT_NAMESPACE, ...declared]);
    const namespaces = new Map([...names].map((name) => [name, this.#namespace(name)]));
    const files = [...new Set(this.#configuration.sources.map((source) => source.origin.file))];
    if (this.#problems.length > 0) {
      this.discard();
      return err(sortProblems(this.#problems, files));
    }
    return ok({
      snapshot: snapshotOf(namespaces),
      warnings: sortProblems(this.#warnings, files),
      files: [...this.#sources.values()].flatMap((open) => open.source.files ?? []),
      broken: this.#broken,
      sources: this.#sources,
      servers: this.#servers,
    });
  }

  /** Closes what this build opened, and nothing of the one before. */
  discard(): void {
    for (const open of this.#opened) void open.retire();
  }

  #namespace(namespace: string): NamespaceView {
    const within = <Entry extends { readonly namespace: string }>(list: readonly Entry[]): readonly Entry[] =>
      list.filter((entry) => entry.namespace === namespace);
    const { prompts, resources, resourceTemplates, groups, toolsets, sources } = this.#configuration;
    const built = {
      prompts: this.#prompts(within(prompts)),
      resources: this.#resources(within(resources)),
      resourceTemplates: this.#resourceTemplates(within(resourceTemplates)),
    };
    const tools = within(this.#configuration.tools);
    const servers = within(this.#configuration.mcpServers).flatMap((server) => this.#servers.get(keyOf(server)) ?? []);
    const joined = joinServers({ ...built, tools: this.#tools(tools, built) }, servers);
    for (const { server, why } of joined.leftOut)
      this.#warnings.push(
        problemAt(server.declaration.locate(['name']), 'NAME_TAKEN', `\`${server.declaration.name}\`: ${why}`),
      );
    const contents = {
      ...joined.contents,
      apps: new Set(
        [...within(resources), ...within(resourceTemplates)].filter((one) => one.ui).map((one) => one.name),
      ),
      appOf: new Map(tools.flatMap((tool) => (tool.ui === undefined ? [] : [[tool.name, tool.ui.resource]]))),
    };
    return {
      name: namespace,
      tools: contents.tools,
      prompts: contents.prompts,
      resources: contents.resources,
      resourceTemplates: [...contents.resourceTemplates.values()],
      ...buildGroups(contents, { groups: within(groups), toolsets: within(toolsets) }),
      ...(servers.length > 0 && { servers: joined.doors }),
      masks: this.#configuration.masks.filter((mask) => mask.everywhere || mask.namespace === namespace),
      sources: [
        ...within(sources).flatMap((source) => this.#sources.get(keyOf(source))?.state ?? []),
        ...servers.map(({ state }) => state),
      ],
    };
  }

  #tools(
    declarations: Configuration['tools'],
    {
      resources,
      resourceTemplates,
    }: Pick<NamespaceView, 'resources'> & { resourceTemplates: ReadonlyMap<string, ResourceTemplate> },
  ): Map<string, Tool> {
    const embedders = this.#embedders(declarations[0]?.namespace);
    return this.#each(declarations, (declaration) => {
      const open = this.#sources.get(keyOf({ namespace: declaration.namespace, name: declaration.source }));
      const type = findToolType(declaration.type, this.#options.catalog, open?.declaration.type);
      // A source that could not be opened has been reported; its tools are not at fault.
      if (open === undefined || type === undefined) {
        if (declaration.registration !== undefined)
          this.#leaveOut(declaration, `its source \`${declaration.source}\` is not there`);
        return undefined;
      }
      const app = declaration.ui?.resource ?? '';
      const appUri = resources.get(app)?.uri ?? resourceTemplates.get(app)?.uriTemplate;
      const { tool, warnings } = buildTool({ declaration, type, open, embedders, appUri });
      for (const warning of warnings)
        this.#warnings.push(problemAt(declaration.locate([]), 'UNENFORCEABLE', `\`${declaration.name}\`: ${warning}`));
      return tool;
    });
  }

  #embedders(namespace: string | undefined): ReadonlyMap<string, Embedder> {
    return this.#each(
      this.#configuration.embeddingModels.filter((model) => model.namespace === namespace),
      (declaration) => this.#options.openEmbedder(declaration),
    );
  }

  #prompts(declarations: Configuration['prompts']): Map<string, Prompt> {
    return this.#each(declarations, (declaration) => {
      if (declaration.type === 'custom') return customPrompt(declaration);
      const source = this.#module(declaration);
      return source && modulePrompt(declaration, source);
    });
  }

  #resources(declarations: Configuration['resources']): Map<string, Resource> {
    const uris = new Map<string, string>();
    return this.#each(declarations, (declaration) => {
      const source = declaration.type === 'module' ? this.#module(declaration) : undefined;
      if (declaration.type === 'module' && source === undefined) return undefined;
      const resource = openResource(declaration, this.#options.log, source);
      const other = uris.get(resource.uri);
      if (other !== undefined)
        throw new ConfigurationFault(['uri'], `\`${other}\` is read at \`${resource.uri}\` already`);
      uris.set(resource.uri, declaration.name);
      return resource;
    });
  }

  #resourceTemplates(declarations: Configuration['resourceTemplates']): Map<string, ResourceTemplate> {
    return this.#each(declarations, (declaration) => {
      const source = declaration.type === 'module' ? this.#module(declaration) : undefined;
      if (declaration.type === 'module' && source === undefined) return undefined;
      return openResourceTemplate(declaration, source);
    });
  }

  /** The module behind a declaration; undefined when it could not be loaded, which has been reported. */
  #module({ namespace, source }: { namespace: string; source: string }): ModuleSource | undefined {
    return this.#sources.get(keyOf({ namespace, name: source }))?.source as ModuleSource | undefined;
  }

  /** Builds each by name; a fault becomes a problem and the next has its turn. */
  #each<Declaration extends Declared & { readonly name: string }, Built>(
    declarations: readonly Declaration[],
    build: (declaration: Declaration) => Built | undefined,
  ): Map<string, Built> {
    const built = new Map<string, Built>();
    for (const declaration of declarations) {
      try {
        const one = build(declaration);
        if (one !== undefined) built.set(declaration.name, one);
      } catch (fault) {
        this.#report(declaration, fault);
      }
    }
    return built;
  }

  #report(declaration: Declared, fault: unknown): void {
    if (!(fault instanceof ConfigurationFault)) throw fault;
    // What a publisher registered stops neither the files nor the others: it is left out and says why.
    if ('registration' in declaration && declaration.registration !== undefined) {
      this.#leaveOut(declaration as ToolDeclaration, fault.message);
      return;
    }
    this.#problems.push(problemAt(declaration.locate(fault.path), 'FIELD_WRONG', fault.message, fault.hint));
  }

  #leaveOut({ namespace, name }: ToolDeclaration, reason: string): void {
    this.#broken.push({ namespace, name, reason });
  }
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;

/** The version is worked out when somebody asks: a start need not wait for a digest of every schema. */
function snapshotOf(namespaces: ReadonlyMap<string, NamespaceView>): ToolboxSnapshot {
  let version: string | undefined;
  return {
    namespaces,
    get version() {
      return (version ??= versionOf(namespaces));
    },
  };
}
