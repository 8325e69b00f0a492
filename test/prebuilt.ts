/** The prebuilt configurations, opened without a database behind any of them. */
import { silentLogger, systemClock } from '#kernel';
import { loadConfiguration, openToolbox, prebuiltInputs, sourceTypes, type Toolbox } from '#toolbox';

/** All that any of them asks of the environment. */
export const PREBUILT_ENVIRONMENT: Readonly<Record<string, string>> = {
  POSTGRES_DATABASE: 'd',
  POSTGRES_USER: 'u',
  POSTGRES_PASSWORD: 'p',
  POSTGRES_QUERY_PARAMS: 'sslmode=disable',
  MYSQL_DATABASE: 'd',
  MYSQL_USER: 'u',
  MYSQL_PASSWORD: 'p',
  SQLITE_DATABASE: 'cities.db',
  DUCKDB_DATABASE: 'cities.duckdb',
  REDIS_ADDRESS: 'localhost:6379',
  REDIS_DATABASE: '2',
};

/** `directory`: where files that they name are. Whoever opens it closes it. */
export async function openPrebuilt(
  names: readonly string[],
  directory: string,
  env: Readonly<Record<string, string>> = PREBUILT_ENVIRONMENT,
): Promise<Toolbox> {
  const inputs = await prebuiltInputs(names, directory);
  if (!inputs.ok) throw new Error(inputs.error.join('\n'));
  const loaded = loadConfiguration(inputs.value, { env, catalog: sourceTypes });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'));
  const opened = await openToolbox(loaded.value.configuration, {
    catalog: sourceTypes,
    openEmbedder: () => {
      throw new Error('no prebuilt configuration embeds');
    },
    clock: systemClock,
    log: silentLogger,
  });
  if (!opened.ok) throw new Error(opened.error.map(({ message }) => message).join('\n'));
  return opened.value;
}
