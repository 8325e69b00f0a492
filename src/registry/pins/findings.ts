/** What about a definition, or about its change, a person should look at before anybody calls the tool. Pure. */
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { DefinitionChange } from './change.ts';
import { hiddenIn, imitationsIn } from './hidden-text.ts';
import { instructionsIn } from './instructions.ts';

export const FINDINGS = [
  ...(['hidden', 'imitation', 'instruction', 'size', 'toolset'] as const),
  ...(['widened', 'egress', 'loosened'] as const),
] as const;

export interface Finding {
  readonly kind: (typeof FINDINGS)[number];
  /** `description`, `inputSchema.properties.city`. */
  readonly field: string;
  readonly words: string;
}

/** Longer texts are not descriptions: they fill the context of every model that lists the tool. */
const LONGEST_TEXT = 8192;
const MOST = 50;

/** Of the definition by itself: texts that callers and models see. What runs behind it is not shown to them. */
export function findingsIn(definition: JsonObject): readonly Finding[] {
  const shown = Object.fromEntries(
    Object.entries(definition).filter(([field]) => field !== 'body' && field !== 'egress'),
  );
  const found: Finding[] = [];
  visit(shown, '', (text, field) => {
    for (const words of hiddenIn(text)) found.push({ kind: 'hidden', field, words });
    const imitations = imitationsIn(text);
    if (imitations.length > 0)
      found.push({
        kind: 'imitation',
        field,
        words: `letters that pass for others: ${imitations.map(printed).join(', ')}`,
      });
    for (const words of instructionsIn(text)) found.push({ kind: 'instruction', field, words });
    if (text.length > LONGEST_TEXT)
      found.push({ kind: 'size', field, words: `${text.length} characters, where ${LONGEST_TEXT} are the most` });
  });
  return [...toolsetFindings(definition), ...found].slice(0, MOST);
}

/**
 * Whoever may call what is in a toolset may call what joins it: its publisher alone would give themselves the policies
 * that others wrote for it.
 */
function toolsetFindings({ toolsets = [] }: JsonObject): readonly Finding[] {
  if (!Array.isArray(toolsets)) return [];
  return toolsets
    .filter((one: JsonValue): one is string => typeof one === 'string')
    .map((one): Finding => {
      const words = `it joins the toolset \`${one}\`, and what policies and lists give its tools`;
      return { kind: 'toolset', field: 'toolsets', words };
    });
}

/** Of a change: what reaches further than what was approved. */
export const findingsOf = (changes: readonly DefinitionChange[]): readonly Finding[] =>
  changes.flatMap(({ field, kind, words }): Finding[] => {
    switch (kind) {
      case 'widened':
      case 'loosened':
      case 'egress':
        return [{ kind, field, words }];
      default:
        return [];
    }
  });

function visit(value: JsonValue, field: string, see: (text: string, field: string) => void): void {
  if (typeof value === 'string') see(value, field);
  else if (Array.isArray(value)) value.forEach((item: JsonValue, index) => visit(item, `${field}[${index}]`, see));
  else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      const at = field === '' ? key : `${field}.${printed(key)}`;
      see(key, at);
      visit(member, at, see);
    }
  }
}

/** So that a finding does not hide what it found. */
export const printed = (text: string): string =>
  text
    .slice(0, 80)
    .replaceAll(
      /[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu,
      (character) => `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`,
    );
