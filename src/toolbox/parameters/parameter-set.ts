/**
 * The parameters of one tool or prompt, compiled: what is published of them and how raw arguments
 * become checked ones.
 *
 * Where a value comes from decides whom it can be trusted from. Plain parameters come from the caller's
 * arguments. Authenticated ones (`authServices`) and secure ones come from `supplied` alone, which the
 * door fills from verified tokens and the client's secure channel: a model that names them in its
 * arguments is ignored. Copies (`valueFromParam`) come from another parameter.
 */
import type { ParameterDeclaration } from '#contract';
import { didYouMean, err, ok, type JsonObject, type JsonValue, type Result } from '#kernel';
import type { Violation } from '../snapshot.ts';
import { ConfigurationFault, type ToolArguments } from '../tools/tool-type.ts';
import { isRequired, objectSchemaOf } from './json-schema.ts';
import { manifestOf } from './manifest.ts';
import { startPatternBudget } from './pattern-guard.ts';
import { compileRule, type Rule } from './rule.ts';
import { Violations } from './violations.ts';

export interface ParameterSet {
  readonly declarations: readonly ParameterDeclaration[];
  /** What a caller fills in; authenticated, secure and copied parameters are absent. */
  readonly inputSchema: JsonObject;
  /** The same of the secure parameters; undefined when there are none. */
  readonly secureInputSchema: JsonObject | undefined;
  /** `parameters` of Toolbox's REST manifest. */
  readonly manifest: readonly JsonObject[];
  /**
   * The checked arguments, or every violation. Takes time in proportion to the arguments, and 50 ms at
   * the most for patterns. `supplied` holds authenticated and secure values by parameter name.
   */
  check(raw: JsonObject, supplied?: Readonly<Record<string, JsonValue>>): Result<ToolArguments, readonly Violation[]>;
}

/** A declaration and where it stands in its document. */
export interface PlacedDeclaration {
  readonly declaration: ParameterDeclaration;
  readonly path: readonly (string | number)[];
}

/** Pairs the declarations of a field with their places: `['parameters', 0]`. */
export const placed = (field: string, declarations: readonly ParameterDeclaration[]): PlacedDeclaration[] =>
  declarations.map((declaration, index) => ({ declaration, path: [field, index] }));

/** Compiles declarations that share one namespace; throws `ConfigurationFault` at the first that is wrong. */
export function compileParameters(parameters: readonly PlacedDeclaration[]): ParameterSet {
  const slots = new Map<string, Slot>();
  const byName = new Map<string, ParameterDeclaration>();
  for (const { declaration, path } of parameters) {
    if (declaration.name === '__proto__') {
      throw new ConfigurationFault(
        [...path, 'name'],
        '`__proto__` is no name for a parameter: JSON readers trip over it',
      );
    }
    if (slots.has(declaration.name)) {
      throw new ConfigurationFault([...path, 'name'], `another parameter is called \`${declaration.name}\` already`);
    }
    slots.set(declaration.name, compileSlot(declaration, path));
    byName.set(declaration.name, declaration);
  }
  for (const { declaration, path } of parameters) checkCopy(declaration, path, byName);

  const declarations = parameters.map((entry) => entry.declaration);
  return {
    declarations,
    // Made when asked for: whoever only checks a configuration publishes nothing.
    get inputSchema() {
      return objectSchemaOf(declarations.filter((entry) => originOf(entry) === 'arguments'));
    },
    get secureInputSchema() {
      const secure = declarations.filter((entry) => entry.secure === true);
      return secure.length === 0 ? undefined : objectSchemaOf(secure);
    },
    get manifest() {
      return manifestOf(declarations);
    },
    // Copies last, so that what they copy is there.
    check: checker(
      [...slots.values()].sort((left, right) => Number(left.origin === 'copy') - Number(right.origin === 'copy')),
    ),
  };
}

type Origin = 'arguments' | 'supplied' | 'copy';

interface Slot {
  readonly name: string;
  readonly origin: Origin;
  /** The parameter that a copy copies. */
  readonly copied: string;
  /** `constructor` and its like, which every object seems to have. */
  readonly inherited: boolean;
  readonly rule: Rule;
  readonly fallback: JsonValue | undefined;
  /** What to say when the value is missing; undefined when it may be. */
  readonly missing: string | undefined;
}

const originOf = (declaration: ParameterDeclaration): Origin =>
  declaration.valueFromParam !== undefined
    ? 'copy'
    : declaration.authServices !== undefined || declaration.secure === true
      ? 'supplied'
      : 'arguments';

function compileSlot(declaration: ParameterDeclaration, path: readonly (string | number)[]): Slot {
  const origin = originOf(declaration);
  const rule = compileRule(declaration, path, origin !== 'supplied');
  startPatternBudget();
  checkWritten(declaration, rule, path);
  return {
    name: declaration.name,
    origin,
    copied: declaration.valueFromParam ?? '',
    inherited: declaration.name in Object.prototype || (declaration.valueFromParam ?? '') in Object.prototype,
    rule,
    fallback: freeze(declaration.default as JsonValue | undefined),
    missing: isRequired(declaration) && origin !== 'copy' ? missingMessage(declaration) : undefined,
  };
}

function missingMessage({ authServices, secure }: ParameterDeclaration): string {
  if (authServices !== undefined) {
    const claims = authServices.map(({ name, field }) => `\`${field}\` of a token of \`${name}\``);
    return `comes from ${claims.join(' or ')}, and the call has none`;
  }
  return secure === true ? 'is required, through the secure channel of the client' : 'is required';
}

/** Values that the author wrote must pass the author's own rules. */
function checkWritten(declaration: ParameterDeclaration, rule: Rule, path: readonly (string | number)[]): void {
  const written: [unknown, (string | number)[]][] = (declaration.examples ?? []).map((example, index) => [
    example,
    [...path, 'examples', index],
  ]);
  if (declaration.default !== undefined) written.push([declaration.default, [...path, 'default']]);
  for (const [value, at] of written) {
    if (rule.accepts(value)) continue;
    const found = new Violations();
    rule.explain(value, declaration.name, found);
    const [first] = found.list();
    throw new ConfigurationFault(at, `\`${first?.path ?? declaration.name}\` ${first?.message ?? 'is refused'}`);
  }
}

function checkCopy(
  { name, type, valueFromParam }: ParameterDeclaration,
  path: readonly (string | number)[],
  byName: ReadonlyMap<string, ParameterDeclaration>,
): void {
  if (valueFromParam === undefined) return;
  const at = [...path, 'valueFromParam'];
  const source = byName.get(valueFromParam);
  if (source === undefined) {
    const others = [...byName.keys()].filter((other) => other !== name);
    throw new ConfigurationFault(
      at,
      `no parameter is called \`${valueFromParam}\`${didYouMean(valueFromParam, others)}`,
    );
  }
  if (source.valueFromParam !== undefined) {
    throw new ConfigurationFault(at, `\`${valueFromParam}\` is a copy itself; copy \`${source.valueFromParam}\``);
  }
  if (source.type !== type && !(source.type === 'integer' && type === 'float')) {
    throw new ConfigurationFault(
      at,
      `\`${valueFromParam}\` is of type \`${source.type}\`, and a copy of type \`${type}\` would never fit`,
    );
  }
}

/**
 * Checked arguments: own properties only, so that a tool that reads an absent `constructor` finds
 * nothing. A class without a prototype stays a fast object, which `Object.create(null)` does not.
 */
const Arguments = function () {} as unknown as new () => Record<string, JsonValue>;
Arguments.prototype = Object.freeze(Object.create(null));

const NOTHING: Readonly<Record<string, JsonValue>> = Object.freeze({});

function checker(slots: readonly Slot[]): ParameterSet['check'] {
  return (raw, supplied = NOTHING) => {
    startPatternBudget();
    const checked = new Arguments();
    let found: Violations | undefined;
    for (const slot of slots) {
      const from = slot.origin === 'arguments' ? raw : slot.origin === 'supplied' ? supplied : checked;
      const key = slot.origin === 'copy' ? slot.copied : slot.name;
      const value = slot.inherited && !Object.hasOwn(from, key) ? undefined : from[key];
      if (value === undefined || value === null) {
        if (slot.fallback !== undefined) checked[slot.name] = slot.fallback;
        else if (slot.missing !== undefined) (found ??= new Violations()).add(slot.name, slot.missing);
      } else if (slot.rule.accepts(value)) {
        checked[slot.name] = value;
      } else {
        slot.rule.explain(value, key, (found ??= new Violations()));
      }
    }
    return found === undefined ? ok(checked) : err(found.list());
  };
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
