/**
 * `x-kubernetes-validations` as an API server asks them: by a CEL evaluator, with the functions that Kubernetes adds
 * to CEL where the definitions use them. Costs are not counted.
 */
import { CelScalar, celFunc, celMethod, run, type CelInput } from '@bufbuild/cel';
import type { StructuralSchema } from '#operator';

export interface RuleFault {
  /** `spec.upstreams[0].scopes`. */
  readonly at: string;
  readonly message: string;
  readonly rule: string;
}

/** What the rules refuse of a value that has its defaults; `old` is what was there before. */
export function ruleFaults(schema: StructuralSchema, value: unknown, old?: unknown, at = ''): RuleFault[] {
  if (value === undefined) return [];
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => old !== undefined || !rule.includes('oldSelf'))
    .flatMap(({ rule, message, messageExpression, fieldPath = '' }): RuleFault[] => {
      if (asked(rule, value, old) === true) return [];
      const said = messageExpression === undefined ? message : String(asked(messageExpression, value, old));
      return [{ at: `${at}${fieldPath}`.replace(/^\./, ''), message: said, rule }];
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
  return run(expression, names, { funcs: KUBERNETES });
}

const KUBERNETES = [
  celFunc('isURL', [CelScalar.STRING], CelScalar.BOOL, (text) => URL.canParse(text)),
  celFunc('url', [CelScalar.STRING], CelScalar.STRING, (text) => text),
  celMethod('getHostname', CelScalar.STRING, [], CelScalar.STRING, function hostname() {
    return new URL(this).hostname;
  }),
];

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
