/** The tool types of MySQL, and the same under MariaDB's name: `tables`, `monitoring`, `query-plan`. */
import { executeSqlTool, sqlTool } from '../../../tools/sql.ts';
import type { ToolType } from '../../../tools/tool-type.ts';
import { reportTool, type Report } from '../../report-tool.ts';
import { monitoring } from './monitoring.ts';
import { queryPlanTool } from './query-plan.ts';
import { describeTable, listTables } from './tables.ts';

export const mysqlReports: readonly Report[] = [listTables, describeTable, ...monitoring];

function toolTypes(prefix: 'mysql' | 'mariadb'): readonly ToolType[] {
  const reports = mysqlReports.map((report) => ({ ...report, type: report.type.replace(/^mysql/, prefix) }));
  return [
    sqlTool(`${prefix}-sql`),
    executeSqlTool(`${prefix}-execute-sql`),
    queryPlanTool(`${prefix}-get-query-plan`),
    ...reports.map(reportTool),
  ] as readonly ToolType[];
}

export const mysqlToolTypes = toolTypes('mysql');
export const mariadbToolTypes = toolTypes('mariadb');
