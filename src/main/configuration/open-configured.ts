/**
 * From the options of a command to a toolbox that runs, and to its next version when a file changes.
 */
import { existsSync } from 'node:fs';
import type { CliContext } from '#cli';
import type {
  AuthServiceDeclaration,
  OAuthClientDeclaration,
  LimitDeclaration,
  OwnerDeclaration,
  RoleBindingDeclaration,
  SecretReader,
  ServerSettings,
  UpstreamDeclaration,
} from '#contract';
import { readPolicyDocuments, warnOfLimits } from '#gateway';
import type { Logger } from '#kernel';
import type { DeclaredPolicy } from '#policy';
import {
  formatProblem,
  geminiEmbedder,
  loadConfiguration,
  locationOf,
  openToolbox,
  prebuiltInputs,
  readInputs,
  sourcesWithoutSignIn,
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
  /** The resources outside of this server that it issues tokens for. */
  owners(): readonly OwnerDeclaration[];
  /** The policies that they declare; another list after each reload. */
  policies(): readonly DeclaredPolicy[];
  limits(): readonly LimitDeclaration[];
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
    /** Whether people can sign in at what is opened; asked of each configuration. Where it is left out, nobody asks. */
    signsIn?: (settings: ServerSettings) => boolean;
  },
): Promise<Configured> {
  const { context, log, secrets } = surroundings;
  const named = locationOf(options);
  if (!named.ok) throw mainError('OPTION_INVALID', named.error);
  const prebuilt = await prebuiltInputs(options.prebuilt ?? [], process.cwd());
  if (!prebuilt.ok) throw mainError('OPTION_INVALID', prebuilt.error.join('; '));
  const isPrebuilt = prebuilt.value.length > 0;
  const quickstart =
    named.value === undefined && !isPrebuilt && options.quickstart ? await startQuickstart(surroundings) : undefined;
  const location = quickstart?.location ?? named.value ?? (isPrebuilt ? undefined : defaultLocation());
  const env = { ...context.env, ...quickstart?.environment };

  const load = (inputs: readonly ConfigurationInput[]): Loaded =>
    orThrow(loadConfiguration([...prebuilt.value, ...inputs], { env, catalog: sourceTypes }));

  const inputs = location === undefined ? [] : orThrow(await readInputs(location));
  const first = { ...load(inputs), inputs };
  // Of the configuration that was judged last: it holds from when that is built without a fault.
  let judged: readonly DeclaredPolicy[] = [];
  const toolbox = orThrow(
    await openToolbox(first.configuration, {
      judge: async ({ policies: documents, limits: limited, sources, server }, snapshot) => {
        const {
          policies: read,
          problems,
          warnings,
        } = await readPolicyDocuments(documents, snapshot, context.clock.now());
        judged = read;
        const unserved = surroundings.signsIn?.(server) === false ? sourcesWithoutSignIn(sources) : [];
        return {
          problems: [...problems, ...unserved],
          warnings: [...warnings, ...(await warnOfLimits(limited, snapshot))],
        };
      },
      catalog: sourceTypes,
      openEmbedder: geminiEmbedder,
      clock: context.clock,
      log,
      secrets,
    }),
  );
  for (const warning of [...first.warnings, ...toolbox.warnings])
    log.warn({ event: 'configuration.warning' }, formatProblem(warning, 'warning'));

  const registered = new RegisteredDocuments(toolbox, first);
  let { roleBindings, authServices, clients, upstreams, owners, limits } = first.configuration;
  let policies = judged;
  return {
    toolbox,
    registered,
    roleBindings: () => roleBindings,
    authServices: () => authServices,
    clients: () => clients,
    upstreams: () => upstreams,
    owners: () => owners,
    policies: () => policies,
    limits: () => limits,
    settings: first.configuration.server,
    isQuickstart: quickstart !== undefined,
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
            orThrow(await registered.reload(next));
            policies = judged;
            ({ roleBindings, authServices, clients, upstreams, owners, limits } = next.configuration);
            await watching.alsoWatch([...toolbox.files, ...next.secretFiles]);
            for (const warning of [...next.warnings, ...toolbox.warnings])
              log.warn({ event: 'configuration.warning' }, formatProblem(warning, 'warning'));
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
