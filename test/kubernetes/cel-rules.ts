/**
 * `x-kubernetes-validations` as an API server asks them: by a CEL evaluator, with the functions that Kubernetes adds
 * to CEL where the definitions use them. Costs are not counted.
 */
import { CelScalar, celEnv, celFunc, celMethod, parse, plan, type CelInput, type CelResult } from '@bufbuild/cel';
import type { StructuralSchema } from '#operator';

export interface RuleFault {
  /** `spec.upstreams[0].scopes`. */
  readonly at: string;
  readonly message: string;
  readonly rule: string;
  /** `FieldValueForbidden` and the like, of a rule that has one. */
  readonly reason?: string | undefined;
  /** What the rule was asked of. */
  readonly value: unknown;
}

/** What the rules refuse of a value that has its defaults; `old` is what was there before. */
export function ruleFaults(schema: StructuralSchema, value: unknown, old?: unknown, at = ''): RuleFault[] {
  if (value === undefined) return [];
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => old !== undefined || !rule.includes('oldSelf'))
    .flatMap(({ rule, message, messageExpression, fieldPath = '', reason }): RuleFault[] => {
      if (asked(rule, value, old) === true) return [];
      const said = messageExpression === undefined ? message : String(asked(messageExpression, value, old));
      return [{ at: `${at}${fieldPath}`.replace(/^\./, ''), message: said, rule, reason, value }];
    });
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    ruleFaults(field, memberOf(value, name), memberOf(old, name), `${at}.${name}`),
  );
  const { items } = schema;
  // Entries of a map are paired with those of before; no rule of ours asks it.
  const entries =
    items === undefined || !Array.isArray(value)
      ? []
      : value.flatMap((entry, index) => ruleFaults(items, entry, undefined, `${at}[${index}]`));
  return [...own, ...inside, ...entries];
}

/** An expression that fails is no yes: the API server refuses the object. */
function asked(expression: string, self: unknown, oldSelf: unknown): unknown {
  const names = { self: asCel(self), ...(oldSelf !== undefined && { oldSelf: asCel(oldSelf) }) };
  return planned(expression)(names);
}

const KUBERNETES = [
  celFunc('isURL', [CelScalar.STRING], CelScalar.BOOL, (text) => URL.canParse(text)),
  celFunc('url', [CelScalar.STRING], CelScalar.STRING, (text) => text),
  celMethod('getHostname', CelScalar.STRING, [], CelScalar.STRING, function hostname() {
    return new URL(this).hostname;
  }),
];

const environment = celEnv({ funcs: KUBERNETES });
const plans = new Map<string, (names: Record<string, CelInput>) => CelResult>();

/** Each expression is read once: an API server asks the same ones of every object. */
function planned(expression: string): (names: Record<string, CelInput>) => CelResult {
  const known = plans.get(expression) ?? plan(environment, parse(expression));
  plans.set(expression, known);
  return known;
}

/** Whole numbers are `int`, and a name that CEL keeps for itself is escaped. */
function asCel(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(asCel);
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'object' || value === null) return value as CelInput;
  return new Map(
    Object.entries(value).map(([name, field]) => [name === 'namespace' ? '__namespace__' : name, asCel(field)]),
  );
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
