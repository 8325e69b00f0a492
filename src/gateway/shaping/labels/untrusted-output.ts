/**
 * Marks an answer that strangers may have written as data: where it is from and that it is not to be trusted, in its
 * `_meta`; and makes visible what is hidden in it. Who an answer is for (`audience`) is not
 * said: the model asked for it, and may read it.
 */
import { UNTRUSTED, type ContentBlock, type OutputSettings, type ResourceContents } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { Row, ToolOutput } from '#toolbox';
import { showHidden, type Flags } from './hidden.ts';

/** Deeper than anything that came through JSON of a source. */
const DEEPEST = 1000;

/** The output with everything hidden shown or removed; the same where nothing is, or where it is to be kept. */
export function withoutHidden(output: ToolOutput, hidden: OutputSettings['hidden'], flags: Flags): ToolOutput {
  if (hidden === 'keep') return output;
  const clean = (value: JsonValue): JsonValue => cleaned(value, hidden, flags, 0);
  switch (output.kind) {
    case 'rows':
      return { ...output, rows: clean(output.rows as unknown as JsonValue) as unknown as readonly Row[] };
    case 'value':
      return { ...output, value: clean(output.value) };
    case 'content':
      return {
        ...output,
        content: output.content.map((block) => cleanBlock(block, clean)),
        ...(output.structuredContent !== undefined && {
          structuredContent: clean(output.structuredContent) as JsonObject,
        }),
        ...cleanOthers(output, ['kind', 'content', 'structuredContent', 'isError', '_meta'], clean),
      };
  }
}

function cleanBlock(block: ContentBlock, clean: (value: JsonValue) => JsonValue): ContentBlock {
  switch (block.type) {
    case 'text':
      return { ...block, text: clean(block.text) as string };
    case 'resource':
      return { ...block, resource: cleanResource(block.resource, clean) };
    case 'resource_link':
      return { ...block, ...(clean({ ...block } as unknown as JsonObject) as Partial<typeof block>) };
    case 'image':
    case 'audio':
      return block;
    default:
      // A kind that nobody knows yet is passed on, and a model may read any of it.
      return clean(block) as unknown as ContentBlock;
  }
}

/** What servers of others say beside what we have names for. */
function cleanOthers(whole: object, known: readonly string[], clean: (value: JsonValue) => JsonValue): JsonObject {
  const others = Object.entries(whole).filter(([name]) => !known.includes(name));
  return others.length === 0 ? {} : (clean(Object.fromEntries<JsonValue>(others)) as JsonObject);
}

const cleanResource = (resource: ResourceContents, clean: (value: JsonValue) => JsonValue): ResourceContents =>
  'text' in resource ? { ...resource, text: clean(resource.text) as string } : resource;

/** Names of members too: nothing promises which there are where strangers choose them. */
function cleaned(value: JsonValue, how: 'escape' | 'remove', flags: Flags, depth: number): JsonValue {
  if (typeof value === 'string') return showHidden(value, how, flags);
  if (depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, how, flags, depth + 1));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      showHidden(name, how, flags),
      cleaned(member, how, flags, depth + 1),
    ]),
  );
}

/** Without what a stranger says in our name (`dev.chatelaine/trust: trusted`). */
export function withoutOurWords(output: ToolOutput): ToolOutput {
  if (output.kind !== 'content' || output._meta === undefined) return output;
  const theirs = Object.entries(output._meta).filter(([name]) => !name.startsWith('dev.chatelaine/'));
  return { ...output, _meta: Object.fromEntries(theirs) };
}

/** What `_meta` says of an answer that has labels. */
export function metaOfLabels(
  tool: { readonly namespace: string; readonly name: string },
  labels: readonly string[],
): JsonObject {
  return {
    'dev.chatelaine/tool': `${tool.namespace}/${tool.name}`,
    'dev.chatelaine/labels': [...labels],
    ...(labels.includes(UNTRUSTED) && { 'dev.chatelaine/trust': UNTRUSTED }),
  };
}
