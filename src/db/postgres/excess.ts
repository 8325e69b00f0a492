import { sql, type Kysely } from 'kysely';
import { rightsOn } from '../rights.ts';
import type { Schema } from '../schema/index.ts';

/**
 * What the role of this connection could do beyond what `rights.ts` gives it, in words; nothing when it
 * is as it should be. Rights come by many ways (a group, PUBLIC, an owner, a superuser), so they are
 * asked of the server, table by table, instead of being followed.
 */
export async function excessOf(db: Kysely<Schema>, schema: string): Promise<readonly string[]> {
  const { rows: roles } = await sql<{ superuser: boolean; creates: boolean }>`
    select rolsuper as superuser, has_schema_privilege(${schema}, 'create') as creates
    from pg_roles where rolname = current_user`.execute(db);
  if (roles[0]?.superuser === true) return ['it is a superuser'];
  const { rows: tables } = await sql<{ name: string; owns: boolean; rights: string[] }>`
    select c.relname as name, pg_has_role(c.relowner, 'member') as owns,
      array(
        select kind from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as kind
        where has_table_privilege(c.oid, kind)
          or (kind in ('select', 'insert', 'update', 'references') and has_any_column_privilege(c.oid, kind))
      ) as rights
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind in ('r', 'p')
    order by c.relname`.execute(db);
  const owned = tables.find((table) => table.owns);
  if (owned !== undefined) return [`it is, or can become, the owner of \`${owned.name}\``];
  const given = (table: string): readonly string[] => rightsOn(table);
  return [
    ...(roles[0]?.creates === true ? [`it may create in the schema \`${schema}\``] : []),
    ...tables.flatMap(({ name, rights }) =>
      rights.filter((right) => !given(name).includes(right)).map((right) => `it may ${right} on \`${name}\``),
    ),
  ];
}
