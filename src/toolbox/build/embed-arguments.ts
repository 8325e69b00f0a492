/**
 * `embeddedBy`: the text of a parameter becomes the vector that a model makes of it, as JSON text, which
 * is how vectors are written in SQL (`'[0.1,0.2]'::vector`). Texts of one model travel in one request;
 * a blank text has no vector and becomes null.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';
import { toolboxError } from '../errors.ts';
import type { Embedder } from '../embeddings/embedder.ts';
import { ConfigurationFault, type ToolArguments, type ToolBody } from '../tools/tool-type.ts';

/** The body behind its embeddings; the body itself where no parameter asks for one. */
export function embedding(
  body: ToolBody,
  declarations: readonly ParameterDeclaration[],
  embedders: ReadonlyMap<string, Embedder>,
): ToolBody {
  const models = new Map<string, string[]>();
  for (const { name, embeddedBy } of declarations) {
    if (embeddedBy !== undefined) models.set(embeddedBy, [...(models.get(embeddedBy) ?? []), name]);
  }
  if (models.size === 0) return body;
  const jobs = [...models].map(([model, names]) => {
    const embedder = embedders.get(model);
    if (embedder === undefined)
      throw new ConfigurationFault(['parameters'], `no embeddingModel is called \`${model}\``);
    return { model, names, embedder };
  });
  return {
    ...body,
    async run(args, context) {
      const changed = Object.assign(Object.create(null) as Record<string, JsonValue>, args);
      await Promise.all(jobs.map((job) => embedAll(job, args, changed, context.signal)));
      return body.run(changed, context);
    },
  };
}

async function embedAll(
  { model, names, embedder }: { model: string; names: readonly string[]; embedder: Embedder },
  args: ToolArguments,
  changed: Record<string, JsonValue>,
  signal: AbortSignal,
): Promise<void> {
  const texts: string[] = [];
  const owners: string[] = [];
  for (const name of names) {
    const text = args[name];
    if (typeof text !== 'string') continue;
    if (text.trim() === '') {
      changed[name] = null;
      continue;
    }
    texts.push(text);
    owners.push(name);
  }
  if (texts.length === 0) return;
  const vectors = await embedder.embed(texts, signal);
  if (vectors.length !== texts.length) {
    throw toolboxError(
      'EMBEDDING_FAILED',
      `\`${model}\` answered ${texts.length} texts with ${vectors.length} vectors`,
    );
  }
  for (const [index, name] of owners.entries()) changed[name] = JSON.stringify(vectors[index]);
}
