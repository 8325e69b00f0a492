import { parseArgs } from 'node:util';
import { didYouMean, err, ok, type Result } from '#kernel';

export interface Selection {
  /** The checks to run, in their own order. */
  readonly names: readonly string[];
  readonly list: boolean;
}

/** Reads `--only`, `--skip` and `--list`; an unknown name is an error that suggests the nearest. */
export function selectChecks(args: readonly string[], names: readonly string[]): Result<Selection, string> {
  let values: { only?: string[]; skip?: string[]; list?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        skip: { type: 'string', multiple: true },
        list: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
  const only = values.only?.flatMap((list) => list.split(','));
  const skip = values.skip?.flatMap((list) => list.split(',')) ?? [];
  const unknown = [...(only ?? []), ...skip].find((name) => !names.includes(name));
  if (unknown !== undefined) return err(`no check is called \`${unknown}\`${didYouMean(unknown, names)}`);
  const chosen = names.filter((name) => (only?.includes(name) ?? true) && !skip.includes(name));
  if (chosen.length === 0) return err('`--only` and `--skip` leave nothing to check');
  return ok({ names: chosen, list: values.list ?? false });
}
