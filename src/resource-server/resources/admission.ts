import type { ResourcePlace } from '#contract';

/** What a token for one place is good for at another. */
export type Admission = { readonly admitted: false } | { readonly admitted: true; readonly toolset?: string };

const REFUSED: Admission = Object.freeze({ admitted: false });
const ADMITTED: Admission = Object.freeze({ admitted: true });

/**
 * Whether a token of our own issuer for `audience` opens `asked`, and the toolset that is all it sees
 * there (RFC 8707 §2; RFC 9068 §4).
 *
 * One for `/mcp` is good at its toolsets and at Toolbox's REST of the same namespace: they show parts of
 * the same. One for a toolset is good there and at `/mcp`, since clients list at one and call at the
 * other, and sees that toolset alone. Federated servers and the administrative API are opened by their
 * own tokens and by no others: a tool's client must not administer.
 *
 * A credential for one tool opens the doors where that tool is called, and its principal sees nothing else there.
 */
export function admissionOf(audience: ResourcePlace, asked: ResourcePlace): Admission {
  const isSamePlace = 'namespace' in audience && 'namespace' in asked && audience.namespace === asked.namespace;
  switch (audience.kind) {
    case 'api':
      // What the API asks about one tool, beside whose own credentials those of the API count.
      return asked.kind === 'api' || asked.kind === 'tool' ? ADMITTED : REFUSED;
    case 'tool':
      if (asked.kind === 'tool') return asked.tool === audience.tool && isSamePlace ? ADMITTED : REFUSED;
      return (asked.kind === 'rest' || (asked.kind === 'mcp' && asked.toolset === undefined)) && isSamePlace
        ? ADMITTED
        : REFUSED;
    case 'server':
      return asked.kind === 'server' && asked.namespace === audience.namespace && asked.server === audience.server
        ? ADMITTED
        : REFUSED;
    case 'rest':
      return asked.kind === 'rest' && asked.namespace === audience.namespace ? ADMITTED : REFUSED;
    case 'mcp':
      if (asked.kind === 'rest') {
        return audience.toolset === undefined && asked.namespace === audience.namespace ? ADMITTED : REFUSED;
      }
      if (asked.kind !== 'mcp' || asked.namespace !== audience.namespace) return REFUSED;
      if (audience.toolset === undefined) return ADMITTED;
      if (asked.toolset === undefined) return { admitted: true, toolset: audience.toolset };
      return asked.toolset === audience.toolset ? ADMITTED : REFUSED;
  }
}
