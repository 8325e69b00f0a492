import { prefixOf, type McpServerDeclaration, type ToolAnnotations } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import { checkLocalReferences } from '#toolbox';
import { headerFault } from './parameter-headers.ts';

/** A tool of a server that can be there. */
export interface AcceptedTool {
  /** Its definition as the server gave it. */
  readonly raw: JsonObject;
  /** As the server has it. */
  readonly theirName: string;
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | undefined;
  readonly annotations: ToolAnnotations;
  readonly _meta: JsonObject | undefined;
  readonly otherMembers: JsonObject | undefined;
}

export interface AcceptedTools {
  readonly tools: readonly AcceptedTool[];
  /** Why one is not there. */
  readonly leftOut: readonly string[];
}

/** A schema is compiled and shown to models: what is larger or deeper is no description of arguments. */
const LARGEST_SCHEMA = 256 * 1024;
const DEEPEST_SCHEMA = 64;

const NAME = /^(?!\.+$)[A-Za-z0-9_.-]{1,128}$/;

/** The tools of a list that the document wants, under their names here; and why others are not there. Pure. */
export function acceptTools(listed: readonly JsonObject[], declaration: McpServerDeclaration): AcceptedTools {
  const { only, hide, rename, describe } = declaration.tools;
  const hidden = new Set(hide);
  const wanted = only && new Set(only);
  const tools: AcceptedTool[] = [];
  const leftOut: string[] = [];
  const taken = new Set<string>();
  const seen = new Set<string>();
  for (const raw of listed) {
    const theirName = raw['name'];
    if (typeof theirName !== 'string') {
      leftOut.push('a tool has no name');
      continue;
    }
    seen.add(theirName);
    if (hidden.has(theirName) || wanted?.has(theirName) === false) continue;
    const given = Object.hasOwn(rename, theirName) ? rename[theirName] : undefined;
    const name = given ?? prefixOf(declaration) + theirName;
    const fault = faultOf(raw, name, taken);
    if (fault !== undefined) {
      leftOut.push(`\`${theirName}\`: ${fault}`);
      continue;
    }
    taken.add(name);
    const said = Object.hasOwn(describe, theirName) ? describe[theirName] : undefined;
    tools.push(accepted(raw, { theirName, name, said }));
  }
  for (const [field, names] of Object.entries({
    only,
    hide,
    rename: Object.keys(rename),
    describe: Object.keys(describe),
  }))
    for (const name of names ?? [])
      if (!seen.has(name)) leftOut.push(`\`tools.${field}\` names \`${name}\`, and the server has no such tool`);
  return { tools, leftOut };
}

function accepted(
  raw: JsonObject,
  { theirName, name, said }: { theirName: string; name: string; said: string | undefined },
): AcceptedTool {
  const { name: _, title, description, inputSchema, outputSchema, annotations, _meta, ...others } = raw;
  return {
    raw,
    theirName,
    name,
    title: typeof title === 'string' ? title : undefined,
    description: said ?? (typeof description === 'string' ? description : ''),
    inputSchema: inputSchema as JsonObject,
    outputSchema: isRecord(outputSchema) ? outputSchema : undefined,
    annotations: annotationsOf(annotations),
    _meta: metaOf(_meta),
    otherMembers: Object.keys(others).length === 0 ? undefined : others,
  };
}

function faultOf(raw: JsonObject, name: string, taken: ReadonlySet<string>): string | undefined {
  if (!NAME.test(name)) return `\`${name}\` is no name that a tool can have here`;
  if (taken.has(name)) return `another tool of it is called \`${name}\``;
  const { inputSchema, outputSchema } = raw;
  if (!isRecord(inputSchema) || inputSchema['type'] !== 'object') return '`inputSchema` does not describe an object';
  const input = schemaFault('inputSchema', inputSchema) ?? headerFault(inputSchema);
  if (input !== undefined || outputSchema === undefined) return input;
  if (!isRecord(outputSchema)) return '`outputSchema` is no schema';
  return schemaFault('outputSchema', outputSchema);
}

/** Why a schema of somebody else is not used; undefined where it is. */
export function schemaFault(field: string, schema: JsonObject): string | undefined {
  if (isDeeper(schema, DEEPEST_SCHEMA)) return `\`${field}\` is nested more than ${DEEPEST_SCHEMA} levels deep`;
  if (Buffer.byteLength(JSON.stringify(schema)) > LARGEST_SCHEMA)
    return `\`${field}\` is larger than ${LARGEST_SCHEMA} bytes`;
  try {
    checkLocalReferences(field, schema);
    return undefined;
  } catch (fault) {
    return (fault as Error).message;
  }
}

const isDeeper = (value: JsonValue, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)));

const HINTS: ReadonlySet<string> = new Set(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']);

/** Hints as they came; one that is no hint says nothing. */
function annotationsOf(annotations: JsonValue | undefined): ToolAnnotations {
  if (!isRecord(annotations)) return {};
  return Object.fromEntries(
    Object.entries(annotations).filter(([name, value]) => !HINTS.has(name) || typeof value === 'boolean'),
  ) as ToolAnnotations;
}

/** What clients take for our word, or for MCP Toolbox's: which tokens to send, how far a tool is to be trusted. */
const OURS = /^(?:dev\.chatelaine|toolbox|com\.google\.cloud)\//;

function metaOf(meta: JsonValue | undefined): JsonObject | undefined {
  if (!isRecord(meta)) return undefined;
  const theirs = Object.entries(meta).filter(([name]) => !OURS.test(name));
  return theirs.length === 0 ? undefined : Object.fromEntries(theirs);
}
