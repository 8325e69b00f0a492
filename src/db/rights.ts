/**
 * What the role that serves may do to a table, by the name of the table: what is not given here it does
 * not have. The last rule that fits decides.
 *
 * Whoever takes over a serving process has these rights and no more. They must not be enough to
 * change what was recorded of the takeover, or to change the schema so that it no longer is recorded.
 */
export type Right = 'select' | 'insert' | 'update' | 'delete';

const RULES: readonly (readonly [tables: RegExp, rights: readonly Right[]])[] = [
  [/^/, ['select', 'insert', 'update', 'delete']],
  // Written once: not corrected, not shortened. Retention is the business of the role that owns them.
  [/^audit_/, ['select', 'insert']],
  // What a policy once said is not to be said otherwise later.
  [/^policy_versions$/, ['select', 'insert']],
  // Which migrations there were: the owner's to write.
  [/^schema_/, ['select']],
  // Rows are counted, and old ones cleared away.
  [/^change_log$/, ['select', 'insert', 'delete']],
];

/** The rights on a table of that name. */
export function rightsOn(table: string): readonly Right[] {
  return RULES.findLast(([tables]) => tables.test(table))?.[1] ?? [];
}
