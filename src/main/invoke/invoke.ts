import { resolve } from 'node:path';
import type { CliContext } from '#cli';
import { NOBODY, type ContentBlock } from '#contract';
import { prepareDataDirectory } from '#db';
import { coverLogText, invokeLocally } from '#gateway';
import { readMaskKey } from '#http';
import { localUser } from '#identity';
import { ChatelaineError, createLogger, isRecord, parseStrictJson } from '#kernel';
import { openConfigured } from '../configuration/index.ts';
import { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';
import { servedContainment } from '../serve/containment.ts';
import { approvalStep, lateApprovals } from '../services/approvals.ts';
import { openRegistry } from '../registry/open-registry.ts';
import {
  lazySecrets,
  mountedSecrets,
  openServices,
  toolSecrets,
  WorkloadApis,
  type Services,
} from '../services/index.ts';
import type { InvokeOptions } from './invoke-command.ts';

/** Calls one tool and prints its answer; throws the catalogued error of a refusal or a failure. */
export async function invoke(tool: string, text: string, options: InvokeOptions, context: CliContext): Promise<void> {
  const args = parseStrictJson(Buffer.from(text));
  if (!args.ok || !isRecord(args.value)) {
    throw mainError(
      'OPTION_INVALID',
      `the arguments are not a JSON object: ${args.ok ? 'it is another JSON value' : args.error}`,
    );
  }
  const log = createLogger({ level: 'warn', cover: coverLogText });
  const dataDir = resolve(options.dataDir);
  const endings = new Endings();
  const opened = Promise.withResolvers<Services>();
  try {
    const secrets = lazySecrets(async () => {
      const { vault, audit } = await opened.promise;
      return toolSecrets(mountedSecrets(vault.reader, configured.settings.vault.mounted), audit);
    });
    const workloads = new WorkloadApis({ clock: context.clock, env: context.env, log, endings });
    const configured = await openConfigured(options, { context, log, dataDir, secrets, workloads });
    endings.add('toolbox', () => configured.close());
    prepareDataDirectory(dataDir);
    const services = await openServices({
      ...{ dataDir, settings: configured.settings, clock: context.clock, log, endings },
      declaredPolicies: () => configured.policies(),
      declaredLimits: () => configured.limits(),
    });
    opened.resolve(services);
    const { publicUrl, approvals: settings } = configured.settings;
    const approvals = lateApprovals({
      ...{ services, settings, mayApprove: () => false },
      publicUrl: () => (publicUrl === undefined ? undefined : new URL(publicUrl)),
    });
    // One call waits for what a server that goes on would learn by and by; and is to remember the definitions.
    await configured.serversSettled(SERVERS_MS);
    const { standings } = await openRegistry({ ...services, settings: configured.settings, configured });
    // Whoever contains something waits for this call as for those of servers.
    const containment = servedContainment({
      ...{ services, settings: configured.settings, clock: context.clock, log, endings },
    });
    await containment.follow();
    const principal = localUser({
      scopes: options.scope ?? [],
      ...(options.namespace !== undefined && { namespace: options.namespace }),
    });
    const result = await invokeLocally({
      log,
      trail: services.audit,
      snapshot: configured.toolbox.current(),
      policies: services.policies,
      settings: configured.settings,
      maskKey: () => readMaskKey(services.database, services.vault.envelope),
      steps: {
        ...{ containment: containment.running, watch: services.watch, standings },
        ...{ limits: services.limits.calls, approvals: approvalStep(approvals) },
      },
      clock: context.clock,
      principal,
      name: tool,
      arguments: args.value,
      signal: new AbortController().signal,
    }).catch(async (error: unknown) => {
      // A server that is away, or answers nobody without a sign-in, has said of no tool that it is there.
      if (error instanceof ChatelaineError && error.code === 'TOOL_UNKNOWN')
        await configured.introduce(NOBODY, { namespace: principal.namespace, name: tool });
      throw error;
    });
    if (result.isError) throw mainError('TOOL_REPORTED_FAILURE', textOf(result.content));
    if (options.json) context.stdout.write(`${JSON.stringify(result)}\n`);
    else context.stdout.write(`${textOf(result.content)}\n`);
  } finally {
    await endings.run(log);
  }
}

/** How long a call waits for MCP servers to say what they offer. */
const SERVERS_MS = 10_000;

const textOf = (content: readonly ContentBlock[]): string =>
  content.map((item) => (item.type === 'text' ? item.text : JSON.stringify(item))).join('\n');
