/**
 * From the options of a command to a toolbox that runs, and to its next version when a file changes.
 */
import { existsSync } from 'node:fs';
import type { CliContext } from '#cli';
import {
  protectedServerOf,
  type AuthServiceDeclaration,
  type CallerFace,
  type Configuration,
  type OAuthClientDeclaration,
  type LimitDeclaration,
  type OwnerDeclaration,
  type OwnServerTokens,
  type ProtectedServer,
  type RoleBindingDeclaration,
  type SecretReader,
  type ServerSettings,
  type UpstreamDeclaration,
  type WorkloadIdentities,
} from '#contract';
import { readPolicyDocuments, warnOfLimits } from '#gateway';
import { err, ok, type Logger } from '#kernel';
import type { DeclaredPolicy } from '#policy';
import {
  formatProblem,
  geminiEmbedder,
  loadConfiguration,
  locationOf,
  openToolbox,
  prebuiltInputs,
  readInputs,
  sendingWithoutSignIn,
  sourceTypes,
  watchConfiguration,
  type ConfigurationInput,
  type ConfigurationLocation,
  type Group,
  type Loaded,
  type NamespaceView,
  type Problem,
  type Toolbox,
} from '#toolbox';
import { mainError } from '../errors.ts';
import type { ConfigurationOptions } from './configuration-options.ts';
import { startQuickstart } from './quickstart.ts';
import { openServers } from '#servers';
import { RegisteredDocuments } from './registered-documents.ts';

export interface Configured {
  readonly toolbox: Toolbox;
  /** The tools that publishers register, composed with the files. */
  readonly registered: RegisteredDocuments;
  readonly settings: ServerSettings;
  readonly isQuickstart: boolean;
  /** The role bindings that the documents declare now. */
  roleBindings(): readonly RoleBindingDeclaration[];
  /** The `kind: authService` documents of now; another list after each reload. */
  authServices(): readonly AuthServiceDeclaration[];
  /** The clients of the authorization server that they declare now. */
  clients(): readonly OAuthClientDeclaration[];
  /** The identity providers that they declare. */
  upstreams(): readonly UpstreamDeclaration[];
  /** The MCP servers that have an authorization server of their own; another list after each reload. */
  protectedServers(): readonly ProtectedServer[];
  /** The resources outside of this server that it issues tokens for. */
  owners(): readonly OwnerDeclaration[];
  /** The policies that they declare; another list after each reload. */
  policies(): readonly DeclaredPolicy[];
  limits(): readonly LimitDeclaration[];
  /**
   * All tools that are known without their files have joined them. Throws where a policy does not fit the arguments of
   * the tools that there are, and no others can come; says so in the log where some can.
   */
  settle(): void;
  /** Sees to it that the caller finds what MCP servers offer them. Rejects with what is the matter with one. */
  introduce(caller: CallerFace): Promise<void>;
  /** Resolves when every MCP server has answered for the first time or failed to, or the time is up. */
  serversSettled(ms: number): Promise<void>;
  counts(): { readonly tools: number; readonly sources: number };
  /** The namespace and the toolset of now; throws when there are none of these names. */
  place(namespace: string, toolset: string | undefined): { readonly view: NamespaceView; readonly group: Group };
  /** Replaces the toolbox whenever a file changes; a bad file keeps what runs and is told to the log. */
  watch(options: {
    pollSeconds: number | undefined;
    reloaded: (outcome: 'applied' | 'refused') => void;
  }): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

export async function openConfigured(
  options: ConfigurationOptions,
  surroundings: {
    context: CliContext;
    log: Logger;
    dataDir: string;
    secrets: SecretReader;
    /** Who we are by SPIFFE Workload APIs; for a command that calls no tool none. */
    workloads?: WorkloadIdentities;
    /** What the command line says of the configuration, in the words of its language. */
    beside?: ConfigurationInput | undefined;
    /** As `ConnectorParts.tokens`. */
    serverTokens?: () => Promise<OwnServerTokens | undefined>;
    /** Whether people can sign in at what is opened; asked of each configuration. Where it is left out, nobody asks. */
    signsIn?: (settings: ServerSettings) => boolean;
    /** Whether MCP servers are asked and started: not by a command that calls no tool. */
    withServers?: boolean;
  },
): Promise<Configured> {
  const { context, log, secrets, workloads, dataDir, beside } = surroundings;
  const named = locationOf(options);
  if (!named.ok) throw mainError('OPTION_INVALID', named.error);
  const prebuilt = await prebuiltInputs(options.prebuilt ?? [], process.cwd());
  if (!prebuilt.ok) throw mainError('OPTION_INVALID', prebuilt.error.join('; '));
  const isPrebuilt = prebuilt.value.length > 0;
  const quickstart =
    named.value === undefined && !isPrebuilt && options.quickstart ? await startQuickstart(surroundings) : undefined;
  const isSaid = isPrebuilt || beside !== undefined;
  const location = quickstart?.location ?? named.value ?? (isSaid ? undefined : defaultLocation());
  const always = [...prebuilt.value, ...(beside === undefined ? [] : [beside])];
  const env = { ...context.env, ...quickstart?.environment };

  const load = (inputs: readonly ConfigurationInput[]): Loaded =>
    orThrow(loadConfiguration([...always, ...inputs], { env, catalog: sourceTypes }));

  const inputs = location === undefined ? [] : orThrow(await readInputs(location));
  const first = { ...load(inputs), inputs };
  // Of the configuration that was judged last: it holds from when that is built without a fault.
  let judged: readonly DeclaredPolicy[] = [];
  let unsettled: readonly Problem[] = [];
  // At the start nobody knows yet whether there are tools beside those of files.
  let toolsChange = true;
  const { clock, version } = context;
  const servers = openServers({
    ...{ secrets, workloads },
    tokens: surroundings.serverTokens,
    stateDirectory: dataDir,
    version,
    clock,
    log,
  });
  const toolbox = orThrow(
    await openToolbox(first.configuration, {
      openServer: surroundings.withServers === false ? undefined : servers.open,
      judge: async ({ policies: documents, limits: limited, sources, mcpServers, server }, snapshot, purpose) => {
        const isTrial = purpose === 'trial';
        const asked = { now: clock.now(), toolsChange: toolsChange || isTrial };
        const read = await readPolicyDocuments(documents, snapshot, asked);
        const unserved =
          surroundings.signsIn?.(server) === false ? sendingWithoutSignIn([...sources, ...mcpServers]) : [];
        const problems = [...read.problems, ...unserved];
        const warnings = [...read.warnings, ...(await warnOfLimits(limited, snapshot))];
        if (isTrial) return { problems: [...problems, ...newOf(read.unsettled, unsettled)], warnings };
        ({ policies: judged, unsettled } = read);
        return { problems, warnings };
      },
      catalog: sourceTypes,
      openEmbedder: geminiEmbedder,
      clock: context.clock,
      log,
      ...{ secrets, workloads },
    }),
  );
  let told: ReadonlySet<string> = new Set();
  /** Warnings that nobody has been told of: what a server offers changes often, and what is said of it seldom. */
  const tell = (warnings: readonly Problem[]): void => {
    const texts = warnings.map((warning) => formatProblem(warning, 'warning'));
    for (const text of texts) if (!told.has(text)) log.warn({ event: 'configuration.warning' }, text);
    told = new Set(texts);
  };
  tell([...first.warnings, ...toolbox.warnings]);

  const registered = new RegisteredDocuments(toolbox, first);
  let { roleBindings, authServices, clients, upstreams, owners, limits } = first.configuration;
  let policies = judged;
  let protectedServers = protectedAmong(first.configuration);
  let servesOthers = first.configuration.mcpServers.length > 0;
  /** Whether there are tools that no file says all of. */
  const toolsComeAndGo = (): boolean => servesOthers || registered.count > 0;
  servers.onChange(async () => {
    orThrow(await registered.again());
    policies = judged;
    tell([...toolbox.warnings, ...unsettled]);
  });
  return {
    toolbox,
    registered,
    roleBindings: () => roleBindings,
    authServices: () => authServices,
    clients: () => clients,
    upstreams: () => upstreams,
    protectedServers: () => protectedServers,
    owners: () => owners,
    policies: () => policies,
    limits: () => limits,
    settle() {
      if (!toolsComeAndGo()) orThrow(unsettled.length === 0 ? ok(undefined) : err(unsettled));
      tell(unsettled);
    },
    settings: first.configuration.server,
    isQuickstart: quickstart !== undefined,
    introduce: (caller) => servers.introduce(caller),
    serversSettled: (ms) => servers.settled(ms),
    counts() {
      const views = [...toolbox.current().namespaces.values()];
      const sum = (count: (view: NamespaceView) => number): number =>
        views.reduce((total, view) => total + count(view), 0);
      return { tools: sum((view) => view.tools.size), sources: sum((view) => view.sources.length) };
    },
    place(namespace, toolset) {
      const view = toolbox.current().namespaces.get(namespace);
      const group = toolset === undefined ? view?.all : view?.groups.get(toolset);
      if (view !== undefined && group !== undefined) return { view, group };
      throw mainError(
        'OPTION_INVALID',
        view === undefined ? `there is no namespace \`${namespace}\`` : `there is no toolset \`${toolset}\``,
      );
    },
    async watch({ pollSeconds, reloaded }) {
      if (location === undefined) return { close: async () => {} };
      const watching = await watchConfiguration({
        location,
        loaded: first.inputs,
        ...(pollSeconds !== undefined && { pollMs: pollSeconds * 1000 }),
        failed: (cause) =>
          log.warn(
            { event: 'configuration.watch', err: cause },
            'changes of the configuration are looked for every 2 s, since the file system cannot tell of them',
          ),
        changed: async (files) => {
          try {
            const next = load(orThrow(files));
            toolsChange = next.configuration.mcpServers.length > 0 || registered.count > 0;
            try {
              orThrow(await registered.reload(next));
            } finally {
              toolsChange = true;
            }
            policies = judged;
            protectedServers = protectedAmong(next.configuration);
            servesOthers = next.configuration.mcpServers.length > 0;
            ({ roleBindings, authServices, clients, upstreams, owners, limits } = next.configuration);
            await watching.alsoWatch([...toolbox.files, ...next.secretFiles]);
            tell([...next.warnings, ...toolbox.warnings, ...unsettled]);
            log.info({ event: 'configuration.applied' }, 'the configuration changed and is in force');
            reloaded('applied');
          } catch (error) {
            log.error(
              { event: 'configuration.refused' },
              `the configuration changed and is refused; what ran before goes on\n${(error as Error).message}`,
            );
            reloaded('refused');
          }
        },
      });
      await watching.alsoWatch([...toolbox.files, ...first.secretFiles]);
      return watching;
    },
    async close() {
      await toolbox.close();
      await quickstart?.stop();
    },
  };
}

const protectedAmong = ({ mcpServers }: Configuration): readonly ProtectedServer[] =>
  mcpServers.flatMap((server) => protectedServerOf(server) ?? []);

/** What did not fit before is not the fault of what comes now. */
const newOf = (found: readonly Problem[], before: readonly Problem[]): readonly Problem[] => {
  const known = new Set(before.map((one) => formatProblem(one)));
  return found.filter((one) => !known.has(formatProblem(one)));
};

/** `tools.yaml` in the current folder, as MCP Toolbox has it. */
function defaultLocation(): ConfigurationLocation {
  if (!existsSync('tools.yaml'))
    throw mainError('CONFIGURATION_MISSING', 'no configuration was named, and there is no `tools.yaml` in this folder');
  return { kind: 'files', files: ['tools.yaml'] };
}

function orThrow<Value>(result: { ok: true; value: Value } | { ok: false; error: readonly Problem[] }): Value {
  if (result.ok) return result.value;
  const count = result.error.length === 1 ? '1 problem' : `${result.error.length} problems`;
  throw mainError(
    'CONFIGURATION_INVALID',
    `the configuration has ${count}:\n\n${result.error.map((problem) => formatProblem(problem)).join('\n\n')}\n`,
    {
      details: { problems: result.error },
    },
  );
}
