import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { publicUrlOf } from '#contract';
import { cliError, readServerSettings, type CliContext, type OpenApi } from '#cli';
import { operator } from '#identity';
import { createLogger, reveal, type Secret } from '#kernel';
import { prepareDataDirectory } from '#db';
import { Endings } from '../endings.ts';
import { readStateKey } from '../state-key.ts';
import { openApi } from './open-api.ts';
import { openServices } from './open-services.ts';

/**
 * The API of a data directory in the process of a command, beside servers that may be running on it: the
 * same services, routes and records, without a listener and without Fastify. Who runs it may write in the
 * directory, and so may do everything; it is on record as the local operator's, at the door `cli`.
 */
export const openLocalApi =
  (context: Pick<CliContext, 'env' | 'clock' | 'version'>): OpenApi =>
  async ({ dataDir: named, config, create }) => {
    const dataDir = resolve(named);
    const settings = await readServerSettings(config, context);
    if (create) prepareDataDirectory(dataDir);
    // A SQLite database that is not there is told by its own error; the keys beside a server's are as needed.
    else if (settings.database.type !== 'sqlite' && !existsSync(dataDir)) {
      throw cliError('DATA_DIRECTORY_MISSING', `there is no directory \`${named}\``);
    }
    const log = createLogger({ level: 'warn' });
    const endings = new Endings();
    const { clock, version } = context;
    try {
      const services = await openServices({ dataDir, settings, mustExist: !create, clock, log, endings });
      const publicUrl = publicUrlOf(settings, settings.port);
      // Before the API, whose links lead there.
      const { setup } = services.signIn(publicUrl);
      const api = await openApi(services, { version, dataDir, settings, secret: readStateKey(dataDir), clock, log });
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

async function* oneOf(text: string): AsyncGenerator<string> {
  yield text;
}
