/**
 * Rules that say nothing but what Cedar is not needed for: attributes of principal and resource, held against texts
 * and truth values. The starter policies are such rules, so that a server that has no others decides without the
 * library, which costs 28 MB and a start and a half of the runtime. Where anything else is in force Cedar decides
 * all of it. `oracle.property.test.ts` holds this against the oracle, and so against Cedar. Pure.
 */
import type { Entity } from '../facts/entities.ts';
import type { Expr } from '../language/cedar.ts';
import type { Rule } from '../language/rule.ts';
import { isAbout } from '../language/scope.ts';
import type { RuleError } from './combine.ts';
import type { EvaluatedRequest, RuleEvaluator } from './evaluator.ts';

export const plainRules: RuleEvaluator = {
  evaluate(rules, request) {
    const matching: Rule[] = [];
    const errors: RuleError[] = [];
    for (const rule of rules) {
      try {
        if (matches(rule, request)) matching.push(rule);
      } catch (error) {
        if (!(error instanceof Undecidable)) throw error;
        errors.push({ rule: rule.id, message: error.message });
      }
    }
    return { matching, errors };
  },
};

/** What Cedar calls an evaluation error. */
class Undecidable extends Error {}

export const isPlain = ({ json }: Pick<Rule, 'json'>): boolean =>
  json.conditions.every(({ body }) => isPlainExpr(body));

type Sides = { readonly left: Expr; readonly right: Expr };

function isPlainExpr(expr: Expr): boolean {
  if ('Value' in expr || '.' in expr) return isOperand(expr);
  if ('!' in expr) return isPlainExpr((expr['!'] as { readonly arg: Expr }).arg);
  if ('&&' in expr || '||' in expr) {
    const { left, right } = ('&&' in expr ? expr['&&'] : expr['||']) as Sides;
    return isPlainExpr(left) && isPlainExpr(right);
  }
  if ('==' in expr || '!=' in expr) {
    const { left, right } = ('==' in expr ? expr['=='] : expr['!=']) as Sides;
    // Sets and records are equal by what is in them: so one side is a text or a truth value.
    return (isLiteral(left) && isOperand(right)) || (isOperand(left) && isLiteral(right));
  }
  return false;
}

const isLiteral = (expr: Expr): boolean =>
  'Value' in expr && (typeof expr.Value === 'string' || typeof expr.Value === 'boolean');

const isOperand = (expr: Expr): boolean => isLiteral(expr) || attributeOf(expr) !== undefined;

interface Attribute {
  readonly of: 'principal' | 'resource';
  readonly name: string;
}

function attributeOf(expr: Expr): Attribute | undefined {
  if (!('.' in expr)) return undefined;
  const { left, attr } = expr['.'] as { readonly left: Expr; readonly attr: string };
  const variable = 'Var' in left ? left.Var : undefined;
  return variable === 'principal' || variable === 'resource' ? { of: variable, name: attr } : undefined;
}

/** In the order of Cedar: what stands behind a condition that does not hold is not looked at, and cannot err. */
const matches = (rule: Rule, request: EvaluatedRequest): boolean =>
  isAbout(rule, request) &&
  rule.json.conditions.every(({ kind, body }) => truthOf(body, request) === (kind === 'when'));

type Asked = Pick<EvaluatedRequest, 'principal' | 'resource'>;

function truthOf(expr: Expr, asked: Asked): boolean {
  const value = valueOf(expr, asked);
  if (typeof value === 'boolean') return value;
  throw new Undecidable('type error: expected bool');
}

function valueOf(expr: Expr, asked: Asked): unknown {
  if ('Value' in expr) return expr.Value;
  if ('!' in expr) return !truthOf((expr['!'] as { readonly arg: Expr }).arg, asked);
  if ('&&' in expr) return bothOf(expr['&&'] as Sides, (side) => truthOf(side, asked));
  if ('||' in expr) return !bothOf(expr['||'] as Sides, (side) => !truthOf(side, asked));
  if ('==' in expr || '!=' in expr) {
    const { left, right } = ('==' in expr ? expr['=='] : expr['!=']) as Sides;
    return (valueOf(left, asked) === valueOf(right, asked)) === '==' in expr;
  }
  const attribute = attributeOf(expr);
  // No plain rule gets here: what is not known is an error, and denies.
  if (attribute === undefined) throw new Undecidable('it is not a plain rule');
  return attributeValue(asked[attribute.of], attribute.name);
}

const bothOf = ({ left, right }: Sides, holds: (side: Expr) => boolean): boolean => holds(left) && holds(right);

function attributeValue({ attributes, type, id }: Entity, name: string): unknown {
  if (Object.hasOwn(attributes, name)) return attributes[name];
  throw new Undecidable(`\`${type}::${JSON.stringify(id)}\` does not have the attribute \`${name}\``);
}
