/** Patterns of masks, read before anything is served: one that nobody can look for covers nothing. */
import type { MaskDeclaration } from '#contract';
import { compileSearch } from '../parameters/index.ts';
import { problemAt, type Problem } from './problems.ts';

export function checkMasks(masks: readonly MaskDeclaration[]): readonly Problem[] {
  return masks.flatMap((mask) =>
    mask.patterns.flatMap((pattern, index) => {
      if (typeof pattern === 'string') return [];
      try {
        compileSearch(pattern.regex, pattern.ignoreCase);
        return [];
      } catch (fault) {
        const { message } = fault as Error;
        return [problemAt(mask.locate(['patterns', index, 'regex']), 'FIELD_WRONG', `no pattern: ${message}`)];
      }
    }),
  );
}
