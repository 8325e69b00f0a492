import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { publicUrlOf } from '#contract';
import { cliError, readServerSettings, type CliContext, type OpenApi } from '#cli';
import { coverLogText } from '#gateway';
import { operator } from '#identity';
import { createLogger, reveal, type Logger, type Secret } from '#kernel';
import { prepareDataDirectory } from '#db';
import type { DeclaredPolicy } from '#policy';
import { openConfigured, type Configured } from '../configuration/index.ts';
import { Endings } from '../endings.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { readStateKey } from '../state-key.ts';
import { openApi } from './open-api.ts';
import { openServices, type Services } from './open-services.ts';
import { toolSecrets } from './tool-secrets.ts';

const NONE: readonly DeclaredPolicy[] = [];

/**
 * The API of a data directory in the process of a command, beside servers that may be running on it: the
 * same services, routes and records, without a listener and without Fastify. Who runs it may write in the
 * directory, and so may do everything; it is on record as the local operator's, at the door `cli`.
 */
export const openLocalApi =
  (context: Pick<CliContext, 'env' | 'clock' | 'version'>): OpenApi =>
  async ({ dataDir: named, config, create, tools }) => {
    const dataDir = resolve(named);
    const settings = await readServerSettings(config, context);
    if (create) prepareDataDirectory(dataDir);
    // A SQLite database that is not there is told by its own error; the keys beside a server's are as needed.
    else if (settings.database.type !== 'sqlite' && !existsSync(dataDir)) {
      throw cliError('DATA_DIRECTORY_MISSING', `there is no directory \`${named}\``);
    }
    const log = createLogger({ level: 'warn', cover: coverLogText });
    const endings = new Endings();
    const { clock, version } = context;
    try {
      let configured: Configured | undefined;
      // Documents decide here as they do in the server that runs them.
      const declaredPolicies = (): readonly DeclaredPolicy[] => configured?.policies() ?? NONE;
      const opening = { dataDir, settings, mustExist: !create, clock, log, endings, declaredPolicies };
      const services = await openServices(opening);
      const publicUrl = publicUrlOf(settings, settings.port);
      // Before the API, whose links lead there.
      const { setup } = services.signIn(publicUrl);
      configured =
        tools === true && config !== undefined
          ? await configurationAt(config, { context, log, dataDir, services })
          : undefined;
      if (configured !== undefined) endings.add('toolbox', () => configured.close());
      const registry = configured && (await openRegistry({ ...services, settings, configured }));
      const api = await openApi(services, {
        registry: await registry?.services(),
        version,
        dataDir,
        settings,
        secret: readStateKey(dataDir),
        endings,
        clock,
        log,
      });
      const { principal, origin } = operator();
      let requests = 0;
      return {
        transport: async ({ method, target, headers, body }) => {
          const requestId = `cli-${process.pid.toString(36)}-${++requests}`;
          const answer = await api.local({ method, target, headers, body, principal, requestId });
          const { status, headers: answered, body: text, pieces = oneOf(text ?? '') } = answer;
          return { status, etag: answered['etag'], pieces };
        },
        setupLink: async () => {
          const token = await setup.issue(origin, { reissue: true });
          // With `reissue` there is one: it is asked for whether there is an administrator or not.
          return new URL(`/console/setup?token=${reveal(token as Secret)}`, publicUrl).href;
        },
        close: () => endings.close(log),
      };
    } catch (error) {
      await endings.close(log);
      throw error;
    }
  };

/** The configuration as a server would have it; nothing is connected. */
async function configurationAt(
  config: string,
  {
    context,
    log,
    dataDir,
    services,
  }: {
    readonly context: Pick<CliContext, 'env' | 'clock' | 'version'>;
    readonly log: Logger;
    readonly dataDir: string;
    readonly services: Services;
  },
): Promise<Configured> {
  const place =
    statSync(config, { throwIfNoEntry: false })?.isDirectory() === true ? { configFolder: config } : { config };
  const secrets = toolSecrets(services.vault.reader, services.audit);
  return await openConfigured(place, {
    ...{ context: context as CliContext, log, dataDir, secrets },
    withServers: false,
  });
}

async function* oneOf(text: string): AsyncGenerator<string> {
  yield text;
}
