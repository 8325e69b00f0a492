/** Every source type there is. Extend here; importing the catalogue loads no driver. */
import { httpSourceType } from './http/index.ts';
import { moduleSourceType } from './module/index.ts';
import { mysqlSourceTypes } from './mysql/index.ts';
import { postgresSourceTypes } from './postgres/index.ts';
import type { SourceType } from './source.ts';
import { sqliteSourceType } from './sqlite/index.ts';

export const sourceTypes: readonly SourceType[] = [
  ...postgresSourceTypes,
  ...mysqlSourceTypes,
  sqliteSourceType,
  httpSourceType,
  moduleSourceType,
] as readonly SourceType[];
