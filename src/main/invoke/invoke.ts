import { resolve } from 'node:path';
import type { CliContext } from '#cli';
import type { ContentBlock, SecretReader } from '#contract';
import { databasePlace } from '#db';
import { invokeLocally } from '#gateway';
import { localUser } from '#identity';
import { createLogger, isRecord, parseStrictJson } from '#kernel';
import { openConfigured, type Configured } from '../configuration/open-configured.ts';
import { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';
import { lazySecrets, openServices, toolSecrets } from '../services/index.ts';
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
  const log = createLogger({ level: 'warn' });
  const endings = new Endings();
  /** Beside a server that may be running; a data directory that is not there holds no secret. */
  async function openSecrets({ settings }: Configured): Promise<SecretReader> {
    const dataDir = resolve(options.dataDir);
    const place = databasePlace(settings.database, dataDir);
    const services = await openServices({
      dataDir,
      place: 'file' in place ? { ...place, mustExist: true } : place,
      vault: settings.vault,
      clock: context.clock,
      log,
      endings,
    });
    return toolSecrets(services.vault.reader, services.audit);
  }
  try {
    const dataDir = resolve(options.dataDir);
    const secrets = lazySecrets(() => openSecrets(configured));
    const configured: Configured = await openConfigured(options, { context, log, dataDir, secrets });
    endings.add('toolbox', () => configured.close());
    const result = await invokeLocally({
      log,
      snapshot: configured.toolbox.current(),
      principal: localUser({
        scopes: options.scope ?? [],
        ...(options.namespace !== undefined && { namespace: options.namespace }),
      }),
      name: tool,
      arguments: args.value,
      signal: new AbortController().signal,
    });
    if (result.isError) throw mainError('TOOL_REPORTED_FAILURE', textOf(result.content));
    if (options.json) context.stdout.write(`${JSON.stringify(result)}\n`);
    else context.stdout.write(`${textOf(result.content)}\n`);
  } finally {
    await endings.run(log);
  }
}

const textOf = (content: readonly ContentBlock[]): string =>
  content.map((item) => (item.type === 'text' ? item.text : JSON.stringify(item))).join('\n');
