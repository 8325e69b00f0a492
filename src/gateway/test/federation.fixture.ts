/** A gateway whose toolbox is of documents, with real MCP servers behind it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretReader, ServerSettings } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { fixedPolicies, STARTER_POLICIES, type CurrentPolicies } from '#policy';
import { openServers, type OpenServers } from '#servers';
import { geminiEmbedder, openToolbox, sourceTypes, type Toolbox } from '#toolbox';
import { declared } from '../../../test/declared.ts';
import type { GatewayOptions } from '../index.ts';
import { startGateway, type RunningGateway } from './gateway.fixture.ts';
import { serveUpstream, type Era, type Upstream } from '../../../test/mcp-upstream.ts';

/** A new installation lets nobody call what a file does not declare: servers need a policy that names them. */
export const federatedPolicies = (...cedar: readonly string[]): CurrentPolicies =>
  fixedPolicies([
    ...STARTER_POLICIES,
    ...cedar.map((text, index) => ({ id: `*/test-${index}`, namespace: '*', priority: 0, cedar: text })),
  ]);

export const FEDERATED = federatedPolicies(
  '@id("Users call tools of servers")\npermit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };',
);

const closings: (() => Promise<unknown>)[] = [];

/** Ends everything that the test opened, the last first. */
export async function closeAll(): Promise<void> {
  for (const close of closings.splice(0).toReversed()) await close();
}

export async function upstream(era: Era, tls?: Parameters<typeof serveUpstream>[1]): Promise<Upstream> {
  const server = await serveUpstream(era, tls);
  closings.push(() => server.close());
  return server;
}

export interface Federated extends RunningGateway {
  readonly toolbox: Toolbox;
  readonly servers: OpenServers;
  /** The same with other documents, as after a file has changed. */
  reload(documents: readonly string[]): Promise<void>;
  /** Resolves when the condition holds, looked at after every change of the toolbox. */
  until(condition: () => boolean): Promise<void>;
}

/** The `mcpServer` document of an upstream, with more fields as YAML. */
export const serverDocument = (name: string, url: string, more = ''): string =>
  `kind: mcpServer\nname: ${name}\nurl: ${url}\nallowPrivateNetworks: true\n${more}`;

/** The toolbox of such documents, with the servers behind it. */
export async function openFederation(
  documents: readonly string[],
  { secrets, answersWithinMs }: { readonly secrets?: SecretReader; readonly answersWithinMs?: number } = {},
): Promise<Pick<Federated, 'toolbox' | 'servers' | 'reload'>> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'chatelaine-servers-'));
  closings.push(async () => rmSync(stateDirectory, { recursive: true, force: true }));
  let configuration = declared(documents.join('\n---\n'));
  const servers = openServers({
    ...{ secrets, answersWithinMs, stateDirectory, version: '0', clock: systemClock, log: silentLogger },
  });
  const opened = await openToolbox(configuration, {
    catalog: sourceTypes,
    openEmbedder: geminiEmbedder,
    openServer: servers.open,
    clock: systemClock,
    log: silentLogger,
  });
  if (!opened.ok) throw new Error(opened.error.map(({ message }) => message).join('; '));
  const toolbox = opened.value;
  closings.push(() => toolbox.close());
  const replace = async (): Promise<void> => {
    const replaced = await toolbox.replace(configuration);
    if (!replaced.ok) throw new Error(replaced.error.map(({ message }) => message).join('; '));
  };
  servers.onChange(replace);
  const reload = async (next: readonly string[]): Promise<void> => {
    configuration = declared(next.join('\n---\n'));
    await replace();
  };
  return { toolbox, servers, reload };
}

export async function federate(
  documents: readonly string[],
  parts: {
    readonly settings?: Partial<Record<keyof ServerSettings, unknown>>;
    readonly policies?: CurrentPolicies;
    readonly steps?: GatewayOptions['steps'];
    readonly secrets?: SecretReader;
    readonly answersWithinMs?: number;
    /** Whether to wait until every server has answered or failed. */
    readonly waits?: boolean;
  } = {},
): Promise<Federated> {
  const { toolbox, servers, reload } = await openFederation(documents, parts);
  const gateway = await startGateway(
    parts.settings,
    toolbox.current(),
    [],
    [],
    undefined,
    parts.policies ?? FEDERATED,
    parts.steps,
  );
  toolbox.onChange((next) => gateway.replace(next));
  closings.push(() => gateway.close());
  if (parts.waits !== false) {
    await servers.settled(20_000);
    gateway.replace(toolbox.current());
  }
  return {
    ...gateway,
    toolbox,
    servers,
    reload,
    until: (condition) =>
      new Promise((resolve) => {
        const look = (): boolean => (condition() ? (resolve(), true) : false);
        if (look()) return;
        const stop = toolbox.onChange(() => look() && stop());
      }),
  };
}
