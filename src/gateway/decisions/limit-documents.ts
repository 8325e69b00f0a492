/** Documents of `kind: limit` against the tools that are declared beside them: a limit on what is not there limits nothing. */
import type { LimitDeclaration } from '#contract';
import { didYouMean } from '#kernel';
import { problemAt, type Problem, type ToolboxSnapshot } from '#toolbox';

/** Warnings and no faults: publishers register tools later, which a limit may wait for. */
export function warnOfLimits(
  declarations: readonly LimitDeclaration[],
  { namespaces }: ToolboxSnapshot,
): readonly Problem[] {
  return declarations.flatMap((declaration) => {
    const { everywhere, namespace } = declaration;
    const here = [...namespaces.values()].filter(({ name }) => everywhere || name === namespace);
    const amiss = (field: 'tools' | 'toolsets', candidates: readonly string[]): readonly Problem[] =>
      (declaration[field] ?? []).flatMap((name, index) =>
        candidates.includes(name)
          ? []
          : problemAt(
              declaration.locate([field, index]),
              'NAME_UNKNOWN',
              `no ${field.slice(0, -1)} is called \`${name}\` here, and until one is the limit holds nobody back${didYouMean(name, candidates)}`,
            ),
      );
    return [
      ...amiss(
        'tools',
        here.flatMap(({ tools }) => [...tools.keys()]),
      ),
      ...amiss(
        'toolsets',
        here.flatMap(({ groups }) => [...groups.keys()]),
      ),
    ];
  });
}
