/** The arguments of a prompt, compiled like the parameters of a tool and read from text. */
import type { ParameterDeclaration } from '#contract';
import type { JsonObject, Result } from '#kernel';
import { compileParameters, isRequired, placed } from '../parameters/index.ts';
import type { PromptArgument, Violation } from '../snapshot.ts';
import { ConfigurationFault, type ToolArguments } from '../tools/tool-type.ts';
import { valueOfText } from './argument-text.ts';
import { completions, suggestedValues } from './completion.ts';

export interface PromptArguments {
  readonly declarations: readonly ParameterDeclaration[];
  readonly listed: readonly PromptArgument[];
  check(texts: Readonly<Record<string, string>>): Result<ToolArguments, readonly Violation[]>;
  complete(argument: string, typed: string): readonly string[];
}

/** Throws `ConfigurationFault`. */
export function compileArguments(declarations: readonly ParameterDeclaration[]): PromptArguments {
  for (const [index, declaration] of declarations.entries()) refuseForeignOrigins(declaration, index);
  const set = compileParameters(placed('arguments', declarations));
  const open = declarations.filter((declaration) => declaration.valueFromParam === undefined);
  let suggestions: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    declarations,
    listed: open.map((declaration) => ({
      name: declaration.name,
      title: declaration.title,
      description: declaration.description === '' ? undefined : declaration.description,
      required: isRequired(declaration),
    })),
    check(texts) {
      const raw: JsonObject = {};
      for (const declaration of open) {
        const { name } = declaration;
        const value = Object.hasOwn(texts, name) ? valueOfText(declaration, texts[name] as string) : undefined;
        if (value !== undefined) raw[name] = value;
      }
      return set.check(raw);
    },
    complete(argument, typed) {
      suggestions ??= new Map(open.map((declaration) => [declaration.name, suggestedValues(declaration)]));
      return completions(suggestions.get(argument) ?? [], typed);
    },
  };
}

/** A prompt is filled in by a person through the client: no token, no secure channel, no vector. */
function refuseForeignOrigins(declaration: ParameterDeclaration, index: number): void {
  for (const field of ['authServices', 'secure', 'embeddedBy'] as const) {
    if (declaration[field] === undefined || declaration[field] === false) continue;
    throw new ConfigurationFault(
      ['arguments', index, field],
      `\`${field}\` belongs to parameters of tools; a person fills in the arguments of a prompt`,
    );
  }
}
