import type { MaskMethod } from '#contract';
import type { Detector } from '../detect/index.ts';
import type { FieldPath } from './field-path.ts';
import type { Digest } from './method.ts';

export interface TextRule {
  /** The mask that it belongs to. */
  readonly mask: string;
  readonly how: MaskMethod;
  readonly detector: Detector;
}

export interface FieldRule {
  readonly mask: string;
  readonly how: MaskMethod;
  readonly path: FieldPath;
}

/** All that covers the answers of one call. */
export interface MaskRules {
  readonly texts: readonly TextRule[];
  readonly fields: readonly FieldRule[];
  readonly digest: Digest;
}

/** How often each mask covered something; never what. */
export type Tally = Map<string, number>;

export const count = (tally: Tally, mask: string): void => void tally.set(mask, (tally.get(mask) ?? 0) + 1);

/** The same rules, but for what would take a member away: where an `outputSchema` promises that it is there. */
export const keepingMembers = (rules: MaskRules): MaskRules => ({
  ...rules,
  fields: rules.fields.map((rule) => (rule.how === 'remove' ? { ...rule, how: 'redact' } : rule)),
});
