import type { ToolAnnotations } from '#contract';
import { ConfigurationFault } from './tool-type.ts';

/** What is known about a tool's writing when its hints are put together. */
export interface WriteFacts {
  /** The document's `annotations`. */
  readonly declared: ToolAnnotations | undefined;
  /** What the tool type says of this tool. */
  readonly known: ToolAnnotations | undefined;
  /** `readOnly: true` on the tool. */
  readonly readOnlyTool: boolean;
  /** `readOnly: true` on the source. */
  readonly readOnlySource: boolean;
}

/**
 * The hints that clients see: the document's over the type's. A document may call a writing tool
 * harmless, which is its author's word; it may not call one dangerous whose writes are refused, because
 * then either the hint or the `readOnly` is a mistake. Throws `ConfigurationFault`.
 */
export function annotationsOf({ declared, known, readOnlyTool, readOnlySource }: WriteFacts): ToolAnnotations {
  if (readOnlyTool && known?.readOnlyHint !== true) {
    throw new ConfigurationFault(
      ['readOnly'],
      'nothing enforces `readOnly` on this type of tool, so it would only look like protection',
      'take it away; `annotations: { readOnlyHint: true }` tells clients without enforcing',
    );
  }
  const enforced = readOnlyTool ? 'the tool is' : readOnlySource ? 'its source is' : undefined;
  if (enforced !== undefined) {
    for (const [hint, wrong] of [
      ['readOnlyHint', false],
      ['destructiveHint', true],
    ] as const) {
      if (declared?.[hint] !== wrong) continue;
      throw new ConfigurationFault(
        ['annotations', hint],
        `\`${hint}: ${wrong}\` contradicts that ${enforced} \`readOnly\`, which the database enforces`,
      );
    }
  }
  const merged = { ...known, ...declared };
  return merged.readOnlyHint === true && declared?.destructiveHint === undefined
    ? { ...merged, destructiveHint: false }
    : merged;
}

/** What to tell the operator of a hint that nothing stands behind; undefined when it holds. */
export function unenforcedHint({ declared, known }: WriteFacts): string | undefined {
  if (declared?.readOnlyHint !== true || known?.readOnlyHint !== false) return undefined;
  return '`readOnlyHint: true` is a promise that nothing keeps; `readOnly: true` has the database refuse writes';
}
