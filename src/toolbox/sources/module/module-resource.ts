/** `defineResource` and `defineResourceTemplate` exports as resources. */
import type { ResourceContents } from '#contract';
import { isRecord, type JsonObject, type Logger } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { ResourceDefinition, ResourcePart, ResourceTemplateDefinition } from './api.ts';
import { runHandler } from './module-context.ts';
import type { ModuleResource, ModuleResourceTemplate, PublishedAs } from './module-source.ts';

export function moduleResource(name: string, definition: ResourceDefinition, log: Logger): ModuleResource {
  return {
    ...factsOf(definition),
    size: definition.size,
    async read(facts, call) {
      const answer = await runHandler(name, call, (context) => definition.read(context));
      return contentsOf(name, answer, facts);
    },
    ...(definition.subscribe !== undefined && {
      watch(changed: () => void, signal: AbortSignal) {
        try {
          definition.subscribe?.(changed, signal);
        } catch (error) {
          // Whoever subscribed loses news, not the connection.
          log.error({ err: error, handler: name }, 'a resource cannot be watched');
        }
      },
    }),
  };
}

export function moduleResourceTemplate(name: string, definition: ResourceTemplateDefinition): ModuleResourceTemplate {
  return {
    ...factsOf(definition),
    async read(facts, variables, call) {
      const answer = await runHandler(name, call, (context) =>
        definition.read(
          variables,
          Object.create(context, { uri: { value: facts.uri, enumerable: true } }) as typeof context & { uri: string },
        ),
      );
      return contentsOf(name, answer, facts);
    },
    async complete(variable, typed, filled) {
      const { complete = {} } = definition;
      return (Object.hasOwn(complete, variable) && (await complete[variable]?.(typed, filled))) || [];
    },
  };
}

function factsOf(definition: ResourceDefinition | ResourceTemplateDefinition) {
  const { title, description, mimeType, annotations, _meta } = definition;
  return { title, description, mimeType, annotations: annotations as JsonObject | undefined, _meta };
}

/** Whole contents, with what the handler left out. Throws `TOOL_FAILED` for what is none. */
function contentsOf(name: string, answer: unknown, facts: PublishedAs): readonly ResourceContents[] {
  const parts = Array.isArray(answer) ? (answer as unknown[]) : [answer];
  return parts.map((part) => {
    const contents = contentOf(part, facts);
    if (contents === undefined)
      throw toolboxError('TOOL_FAILED', `\`${name}\` read something that is neither text nor bytes`);
    return contents;
  });
}

function contentOf(part: unknown, facts: PublishedAs): ResourceContents | undefined {
  if (typeof part === 'string') return { uri: facts.uri, mimeType: facts.mimeType ?? 'text/plain', text: part };
  if (part instanceof Uint8Array) return contentOf({ blob: part }, facts);
  if (!isRecord(part)) return undefined;
  const { uri = facts.uri, mimeType = facts.mimeType, _meta, ...body } = part as ResourcePart;
  const about = { uri, ...(mimeType !== undefined && { mimeType }), ...(_meta !== undefined && { _meta }) };
  if ('text' in body && typeof body.text === 'string') return { ...about, text: body.text };
  if (!('blob' in body)) return undefined;
  const { blob } = body;
  if (blob instanceof Uint8Array) return { ...about, blob: Buffer.from(blob).toString('base64') };
  return typeof blob === 'string' ? { ...about, blob } : undefined;
}
