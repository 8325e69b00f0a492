import type { SourceType } from '../sources/source.ts';
import type { ToolType } from '../tools/tool-type.ts';
import { listed, suggest } from './problems.ts';

/**
 * The source types of MCP Toolbox that are not here. A configuration that names one is not misspelt,
 * and the nearest name (`mysql` for `mssql`) would be bad advice.
 */
const ELSEWHERE = new Set(
  (
    'mssql tidb singlestore oceanbase oracle snowflake trino clickhouse firebird mindsdb mongodb cassandra scylladb ' +
    'couchbase elasticsearch neo4j dgraph falkordb arcadedb looker alloydb-admin alloydb-postgres bigquery bigtable ' +
    'cloud-gemini-data-analytics cloud-healthcare cloud-logging-admin cloud-monitoring cloud-sql-admin cloud-sql-mssql ' +
    'cloud-sql-mysql cloud-sql-postgres cloud-storage databaseinsights datalineage dataplex dataproc firestore ' +
    'serverless-spark spanner'
  ).split(' '),
);

export type Catalog = readonly SourceType[];

/** Why a source type is not accepted; undefined when it is. */
export function unknownSourceType(type: string, catalog: Catalog): string | undefined {
  const names = catalog.map((source) => source.type);
  if (names.includes(type)) return undefined;
  if (ELSEWHERE.has(type)) {
    return `\`${type}\` is a source type of MCP Toolbox that Chatelaine does not have; it has ${listed(names)}`;
  }
  return `there is no source type \`${type}\`${suggest(type, names, 'source types')}`;
}

/** A tool type by name: the source's own where the source is known, else the first of that name. */
export function findToolType(type: string, catalog: Catalog, sourceType?: string): ToolType | undefined {
  const own = catalog.find((source) => source.type === sourceType);
  for (const source of own ? [own] : catalog) {
    const found = source.toolTypes.find((tool) => tool.type === type);
    if (found) return found;
  }
  return undefined;
}

/** Why a tool type is not accepted on a source; undefined when it is. */
export function unfitToolType(
  type: string,
  catalog: Catalog,
  source?: { name: string; type: string },
): string | undefined {
  if (findToolType(type, catalog, source?.type)) return undefined;
  const elsewhere = catalog.filter((candidate) => candidate.toolTypes.some((tool) => tool.type === type));
  const own = catalog.find((candidate) => candidate.type === source?.type);
  const names = (own ? [own] : catalog).flatMap((candidate) => candidate.toolTypes.map((tool) => tool.type));
  if (own && source && elsewhere.length > 0) {
    const runsOn = listed(elsewhere.map((candidate) => candidate.type));
    return `\`${type}\` runs on sources of type ${runsOn}, and \`${source.name}\` is of type \`${source.type}\`${suggest(type, names, 'tool types')}`;
  }
  const prefix = [...ELSEWHERE].find((other) => type.startsWith(`${other}-`));
  if (prefix !== undefined)
    return `\`${type}\` is a tool type of MCP Toolbox's \`${prefix}\`, which Chatelaine does not have`;
  return `there is no tool type \`${type}\`${suggest(type, names, 'tool types')}`;
}
