/** What the makers of slots share: the place, and how a value is missed or refused. */
import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { compileValueList } from '../../parameters/index.ts';
import type { SqlDialect } from '../../sources/source.ts';
import type { SqlPosition } from './sql-position.ts';
import type { Placeholder } from './template-syntax.ts';

/** The text for a checked argument; throws `TEMPLATE_VALUE_REFUSED`. */
export type Slot = (value: JsonValue | undefined) => string;

export interface SlotContext {
  readonly placeholder: Placeholder;
  readonly position: SqlPosition;
  readonly declaration: ParameterDeclaration;
  readonly dialect: SqlDialect;
  /** Of the declaration, and of the statement. */
  readonly path: readonly (string | number)[];
  readonly statementPath: readonly (string | number)[];
}

/** The value, which a statement cannot do without. */
export function present({ placeholder }: SlotContext, value: JsonValue | undefined): JsonValue {
  if (value === undefined) throw refused(placeholder.name, 'is not given, and the statement cannot do without it');
  return value;
}

/** The texts that a declaration allows, where it names them all. */
export function closedList(declaration: ParameterDeclaration): readonly string[] | undefined {
  for (const field of ['enum', 'allowedValues'] as const) {
    const list = compileValueList(declaration, field, []);
    if (list && list.patterns.length === 0 && list.compounds.length === 0) return [...list.values] as string[];
  }
  return undefined;
}

export const refused = (name: string, what: string): Error =>
  toolboxError('TEMPLATE_VALUE_REFUSED', `\`${name}\` ${what}`);
