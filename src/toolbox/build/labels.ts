import { UNTRUSTED, type SourceDeclaration, type ToolDeclaration, type ToolOrigin } from '#contract';

/** What decides whether strangers may have written what a tool answers. */
export interface LabelFacts {
  readonly origin: ToolOrigin;
  readonly tool: Pick<ToolDeclaration, 'labels' | 'trust'>;
  /** What it stands on: its source, or the server that it is of. */
  readonly source: Pick<SourceDeclaration, 'labels' | 'trust'>;
  readonly openWorldHint: boolean | undefined;
}

/**
 * The word of the tool about itself counts before that of its source, and that before what it is known to do. A tool
 * of another server may call itself closed: its hints are that server's word about itself, and vouch for nothing.
 */
export function labelsOf({ origin, tool, source, openWorldHint }: LabelFacts): readonly string[] {
  const isOpen = origin === 'federated' || openWorldHint === true;
  const trust = tool.trust ?? source.trust ?? (isOpen ? 'untrusted' : 'trusted');
  return [...new Set([...source.labels, ...tool.labels, ...(trust === 'untrusted' ? [UNTRUSTED] : [])])].toSorted();
}
