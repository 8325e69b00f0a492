import type { DatabaseOrTransaction, RegisteredToolsTable, RegisteredToolRevisionsTable } from '#db';
import type { RegisteredTool, ToolAuthor, ToolRevision } from '../tools/registered-tool.ts';

/** What is asked of every row: the tool with the document that runs. */
const current = (db: DatabaseOrTransaction) =>
  db
    .selectFrom('registered_tools')
    .innerJoin('registered_tool_revisions', (join) =>
      join
        .onRef('registered_tool_revisions.tool_id', '=', 'registered_tools.id')
        .onRef('registered_tool_revisions.revision', '=', 'registered_tools.revision'),
    )
    .selectAll('registered_tools')
    .select(['registered_tool_revisions.document', 'registered_tool_revisions.version']);

/** Every registered tool, by namespace and name. */
export async function listTools(db: DatabaseOrTransaction): Promise<readonly RegisteredTool[]> {
  const rows = await current(db).orderBy('namespace').orderBy('name').execute();
  return rows.map(toTool);
}

export async function findTool(
  db: DatabaseOrTransaction,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<RegisteredTool | undefined> {
  const row = await current(db).where('namespace', '=', namespace).where('name', '=', name).executeTakeFirst();
  return row && toTool(row);
}

/** Adds a tool with its first revision. A taken name breaks a constraint: look in the same transaction first. */
export async function insertTool(db: DatabaseOrTransaction, tool: RegisteredTool, first: ToolRevision): Promise<void> {
  await db
    .insertInto('registered_tools')
    .values({
      id: tool.id,
      namespace: tool.namespace,
      name: tool.name,
      revision: tool.revision,
      status: tool.status,
      replaced_by: tool.replacedBy ?? null,
      owner_kind: tool.owner.kind,
      owner_iss: tool.owner.iss,
      owner_sub: tool.owner.sub,
      generation: tool.generation,
      created_at: tool.createdAt,
      changed_at: tool.changedAt,
    })
    .execute();
  await insertRevision(db, tool.id, first);
}

export async function insertRevision(db: DatabaseOrTransaction, toolId: string, revision: ToolRevision): Promise<void> {
  await db
    .insertInto('registered_tool_revisions')
    .values({
      tool_id: toolId,
      revision: revision.revision,
      version: revision.version ?? null,
      document: revision.document,
      author_kind: revision.author.kind,
      author_iss: revision.author.iss,
      author_sub: revision.author.sub,
      reason: revision.reason,
      restored_from: revision.restoredFrom ?? null,
      created_at: revision.createdAt,
    })
    .execute();
}

/** Writes what of a tool changes, with its generation. */
export async function updateTool(
  db: DatabaseOrTransaction,
  { id, revision, status, replacedBy, generation, changedAt }: RegisteredTool,
): Promise<void> {
  await db
    .updateTable('registered_tools')
    .set({ revision, status, replaced_by: replacedBy ?? null, generation, changed_at: changedAt })
    .where('id', '=', id)
    .execute();
}

/** Deletes a tool with its history. */
export async function deleteTool(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db.deleteFrom('registered_tool_revisions').where('tool_id', '=', id).execute();
  await db.deleteFrom('registered_tools').where('id', '=', id).execute();
}

/** The revisions of a tool, newest first. */
export async function listRevisions(db: DatabaseOrTransaction, id: string): Promise<readonly ToolRevision[]> {
  const rows = await db
    .selectFrom('registered_tool_revisions')
    .selectAll()
    .where('tool_id', '=', id)
    .orderBy('revision', 'desc')
    .execute();
  return rows.map(toRevision);
}

/** A number that every change of tools and pins moves. */
export async function readRegistryVersion(db: DatabaseOrTransaction): Promise<number> {
  const row = await db.selectFrom('tool_registry').select('version').executeTakeFirst();
  return row?.version ?? 0;
}

/** Tells every process to read tools and pins again. */
export async function moveRegistryVersion(db: DatabaseOrTransaction): Promise<void> {
  await db
    .updateTable('tool_registry')
    .set((row) => ({ version: row('version', '+', 1) }))
    .execute();
}

function toTool(
  row: RegisteredToolsTable & Pick<RegisteredToolRevisionsTable, 'document' | 'version'>,
): RegisteredTool {
  return {
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    revision: row.revision,
    document: row.document,
    version: row.version ?? undefined,
    status: row.status,
    replacedBy: row.replaced_by ?? undefined,
    owner: { kind: row.owner_kind, iss: row.owner_iss, sub: row.owner_sub },
    generation: row.generation,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  };
}

const toRevision = (row: RegisteredToolRevisionsTable): ToolRevision => ({
  revision: row.revision,
  version: row.version ?? undefined,
  document: row.document,
  author: authorOf(row),
  reason: row.reason,
  restoredFrom: row.restored_from ?? undefined,
  createdAt: row.created_at,
});

const authorOf = (
  row: Pick<RegisteredToolRevisionsTable, 'author_kind' | 'author_iss' | 'author_sub'>,
): ToolAuthor => ({
  kind: row.author_kind,
  iss: row.author_iss,
  sub: row.author_sub,
});
