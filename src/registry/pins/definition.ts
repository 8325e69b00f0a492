/**
 * What is pinned of a tool: all that a caller chooses it by and fills in, and where its calls and credentials go.
 * Two definitions with one digest are the same tool; RFC 8785 makes the text that is digested the only one.
 */
import { canonicalJson } from '#audit';
import type { CatalogueTool } from '#contract';
import { sha256Hex, type JsonObject } from '#kernel';

/** The definition as plain JSON. Texts of another form stay apart: what looks the same need not be the same. */
export function definitionOf(tool: CatalogueTool): JsonObject {
  const { egress, body } = tool.foundation();
  const toolsets = tool.toolsets ?? [];
  return {
    namespace: tool.namespace,
    name: tool.name,
    title: tool.title ?? null,
    description: tool.description,
    inputSchema: tool.inputSchema,
    secureInputSchema: tool.secureInputSchema ?? null,
    outputSchema: tool.outputSchema ?? null,
    annotations: { ...tool.annotations },
    _meta: tool._meta ?? null,
    scopesRequired: [...tool.scopesRequired].toSorted(),
    authRequired: [...tool.authRequired].toSorted(),
    labels: [...(tool.labels ?? [])].toSorted(),
    egress: [...egress].toSorted(),
    body,
    // What a file says of it stands in the file; and what joins nothing has the digest that it had.
    ...(tool.origin !== 'declared' && toolsets.length > 0 && { toolsets: toolsets.toSorted() }),
  };
}

/** Lower-case hex of SHA-256 over the canonical text. */
export const digestOf = (definition: JsonObject): string =>
  // A lone surrogate is possible in what code or an upstream made; it must change the digest, not stop the server.
  sha256Hex(canonicalJson(definition, { loneSurrogates: 'escape' }));
