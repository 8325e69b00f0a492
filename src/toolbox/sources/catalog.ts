/** Every source type there is. Extend here; importing the catalogue loads no driver. */
import { duckdbSourceType } from './duckdb/index.ts';
import { httpSourceType } from './http/index.ts';
import { moduleSourceType } from './module/index.ts';
import { mysqlSourceTypes } from './mysql/index.ts';
import { postgresSourceTypes } from './postgres/index.ts';
import { redisSourceType, valkeySourceType } from './redis/index.ts';
import type { SourceType } from './source.ts';
import { sqliteSourceType } from './sqlite/index.ts';

// Each type parses its own fields into what its own `open` takes; here they are all of one kind.
export const sourceTypes = [
  sqliteSourceType,
  duckdbSourceType,
  ...postgresSourceTypes,
  ...mysqlSourceTypes,
  redisSourceType,
  valkeySourceType,
  httpSourceType,
  moduleSourceType,
] as readonly SourceType[];
