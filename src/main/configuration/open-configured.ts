/**
 * From the options of a command to a toolbox that runs, and to its next version when a file changes.
 */
import type { CliContext } from '#cli';
import type { OwnServerTokens, SecretReader, ServerSettings, WorkloadIdentities } from '#contract';
import { err, ok, type Logger } from '#kernel';
import { openServers } from '#servers';
import { geminiEmbedder, openToolbox, sourceTypes, type ConfigurationInput, type NamespaceView } from '#toolbox';
import { mainError } from '../errors.ts';
import type { ConfigurationOptions } from './configuration-options.ts';
import type { Configured } from './configured.ts';
import { DeclaredNow } from './declared-now.ts';
import { followFiles } from './follow-files.ts';
import { readNamedDocuments } from './named-documents.ts';
import { PolicyJudge } from './policy-judge.ts';
import { RegisteredDocuments } from './registered-documents.ts';
import { orThrow, ToldWarnings } from './told-problems.ts';

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
  const { clock, version } = context;
  const documents = await readNamedDocuments(options, { context, dataDir, beside });
  const { first } = documents;
  const judge = new PolicyJudge({ clock, signsIn: surroundings.signsIn });
  const servers = openServers({
    ...{ secrets, workloads, version, clock, log },
    tokens: surroundings.serverTokens,
    stateDirectory: dataDir,
  });
  const toolbox = orThrow(
    await openToolbox(first.configuration, {
      openServer: surroundings.withServers === false ? undefined : servers.open,
      judge: judge.judge,
      catalog: sourceTypes,
      openEmbedder: geminiEmbedder,
      ...{ clock, log, secrets, workloads },
    }),
  );
  const warnings = new ToldWarnings(log);
  warnings.tell([...first.warnings, ...toolbox.warnings]);
  const registered = new RegisteredDocuments(toolbox, first);
  const declared = new DeclaredNow(first.configuration, judge.policies);
  servers.onChange(async () => {
    orThrow(await registered.again());
    declared.takePolicies(judge.policies);
    warnings.tell([...toolbox.warnings, ...judge.unsettled]);
  });
  const { roleBindings, authServices, clients, upstreams, protectedServers, owners, policies, limits } = declared;
  return {
    ...{ toolbox, registered, settings: first.configuration.server, isQuickstart: documents.isQuickstart },
    ...{ roleBindings, authServices, clients, upstreams, protectedServers, owners, policies, limits },
    settle() {
      const { unsettled } = judge;
      const toolsComeAndGo = declared.servesOthers || registered.count > 0;
      if (!toolsComeAndGo) orThrow(unsettled.length === 0 ? ok(undefined) : err(unsettled));
      warnings.tell(unsettled);
    },
    introduce: (...asked) => servers.introduce(...asked),
    onCallerChange: (listener) => servers.onCallerChange(listener),
    signIns: () => servers.signIns(),
    signedOut: (signIns) => servers.signedOut(signIns),
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
    watch: async (watching) =>
      await followFiles({ documents, toolbox, registered, declared, judge, warnings, log, ...watching }),
    async close() {
      await toolbox.close();
      await documents.close();
    },
  };
}
