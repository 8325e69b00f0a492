/** The tool types of PostgreSQL and of what speaks its protocol, by subject: `tables`, `objects`, `activity`, `statistics`, `server`. */
import { executeSqlTool, sqlTool } from '../../../tools/sql.ts';
import type { ToolType } from '../../../tools/tool-type.ts';
import { reportTool, type Report } from '../../report-tool.ts';
import { activity } from './activity.ts';
import { objects } from './objects.ts';
import { server } from './server.ts';
import { statistics } from './statistics.ts';
import { describeTable, listTables } from './tables.ts';

export const postgresReports: readonly Report[] = [
  listTables,
  describeTable,
  ...objects,
  ...activity,
  ...statistics,
  ...server,
];

export const postgresToolTypes: readonly ToolType[] = [
  sqlTool('postgres-sql'),
  executeSqlTool('postgres-execute-sql'),
  ...postgresReports.map(reportTool),
] as readonly ToolType[];

/** The same report under the name of another type of source. */
function renamed(prefix: string, type: string): Report {
  const report = postgresReports.find((candidate) => candidate.type === `postgres-${type}`);
  if (!report) throw new Error(`there is no report postgres-${type}`);
  return { ...report, type: `${prefix}-${type}` };
}

export const cockroachToolTypes: readonly ToolType[] = [
  sqlTool('cockroachdb-sql'),
  executeSqlTool('cockroachdb-execute-sql'),
  ...['list-tables', 'list-schemas', 'describe-table'].map((type) => reportTool(renamed('cockroachdb', type))),
] as readonly ToolType[];

export const yugabyteToolTypes: readonly ToolType[] = [
  sqlTool('yugabytedb-sql'),
  executeSqlTool('yugabytedb-execute-sql'),
  ...['list-tables', 'describe-table'].map((type) => reportTool(renamed('yugabytedb', type))),
] as readonly ToolType[];
