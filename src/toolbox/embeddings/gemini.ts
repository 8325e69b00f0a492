/**
 * `kind: embeddingModel, type: gemini`: Google's Gemini API with an API key
 * (`embedContent` and `batchEmbedContents` of ai.google.dev/api/embeddings).
 */
import { z } from 'zod';
import { isRecord, reveal, type JsonObject, type Secret } from '#kernel';
import { asToolFault } from '../sources/egress-faults.ts';
import { EgressClient, type EgressRules } from '#egress';
import { toolboxError } from '../errors.ts';
import { ConfigurationFault } from '../tools/tool-type.ts';
import type { Embedder } from './embedder.ts';

/** The fields of the document that matter here. */
export interface GeminiConfig {
  readonly name: string;
  readonly model: string;
  readonly apiKey?: Secret | undefined;
  readonly useVertexAI?: boolean | undefined;
  readonly dimension?: number | undefined;
}

export interface GeminiOptions {
  /** Where the API is. */
  readonly baseUrl?: string;
  /** Which addresses may be asked; the public internet otherwise. */
  readonly rules?: EgressRules;
  readonly timeoutMs?: number;
}

const BASE_URL = 'https://generativelanguage.googleapis.com';
const PUBLIC_ONLY: EgressRules = { allowed: [], blocked: [], allowPrivateNetworks: false };
const TIMEOUT_MS = 30_000;
/** 3072 numbers of full precision take some 70 KB; this is for a batch of a hundred, which is its most. */
const MAX_ANSWER_BYTES = 16_000_000;

const vectorSchema = z.object({ values: z.array(z.number()).min(1) }).transform(({ values }) => values);
const oneSchema = z.object({ embedding: vectorSchema }).transform(({ embedding }) => [embedding]);
const batchSchema = z.object({ embeddings: z.array(vectorSchema) }).transform(({ embeddings }) => embeddings);

/**
 * Makes the embedder; nothing is asked before the first text, and idle connections end by themselves.
 * Throws `ConfigurationFault`. `embed` also rejects with `SOURCE_UNREACHABLE` and `TOOL_TIMEOUT`.
 */
export function geminiEmbedder(config: GeminiConfig, options: GeminiOptions = {}): Embedder {
  const { name, model, apiKey, useVertexAI, dimension } = config;
  if (useVertexAI === true) {
    throw new ConfigurationFault(
      ['useVertexAI'],
      'Vertex AI signs requests with Google Cloud credentials, which Chatelaine does not do',
      'Use the Gemini API with `apiKey`; it serves the same embedding models.',
    );
  }
  if (apiKey === undefined) throw new ConfigurationFault(['apiKey'], `the model \`${name}\` needs an \`apiKey\``);
  const client = new EgressClient({ rules: options.rules ?? PUBLIC_ONLY, explain: asToolFault });
  const resource = `models/${encodeURIComponent(model.replace(/^models\//, ''))}`;
  const baseUrl = options.baseUrl ?? BASE_URL;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const contentOf = (text: string): JsonObject => ({
    content: { parts: [{ text }] },
    ...(dimension !== undefined && { outputDimensionality: dimension }),
  });

  /** One question to the API; the answer when it is one. */
  async function ask(method: string, body: JsonObject, signal: AbortSignal): Promise<unknown> {
    const response = await client.request({
      method: 'POST',
      url: new URL(`/v1beta/${resource}:${method}`, baseUrl),
      // A header and not `?key=`: queries end up in the logs of proxies.
      headers: { 'content-type': 'application/json', 'x-goog-api-key': reveal(apiKey as Secret) },
      body: JSON.stringify(body),
      signal,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    const answer = jsonOf(response.body);
    if (response.status === 200) return answer;
    throw failed(name, `refused with status ${response.status}${reasonOf(answer)}`);
  }

  return {
    async embed(texts, signal) {
      const [first, ...more] = texts;
      if (first === undefined) return [];
      if (more.length === 0) return vectorsOf(oneSchema, await ask('embedContent', contentOf(first), signal));
      const requests = texts.map((text) => ({ model: resource, ...contentOf(text) }));
      return vectorsOf(batchSchema, await ask('batchEmbedContents', { requests }, signal), texts.length);
    },
  };

  function vectorsOf(schema: z.ZodType<number[][]>, answer: unknown, expected = 1): readonly (readonly number[])[] {
    const parsed = schema.safeParse(answer);
    if (!parsed.success || parsed.data.length !== expected)
      throw failed(name, 'answered with something else than vectors');
    // A column of vectors takes one length; a shorter one would fail later and further away.
    const wrong = parsed.data.find((vector) => dimension !== undefined && vector.length !== dimension);
    if (wrong !== undefined) throw failed(name, `answered with ${wrong.length} numbers instead of ${dimension}`);
    return parsed.data;
  }
}

const failed = (name: string, how: string): Error =>
  toolboxError('EMBEDDING_FAILED', `the embedding model \`${name}\` ${how}`);

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Google's word for the refusal (`RESOURCE_EXHAUSTED`). Its message is left out: it may quote the key. */
function reasonOf(body: unknown): string {
  const error = isRecord(body) ? body['error'] : undefined;
  const status = isRecord(error) ? error['status'] : undefined;
  return typeof status === 'string' && /^[A-Z_]{1,40}$/.test(status) ? ` (${status})` : '';
}
