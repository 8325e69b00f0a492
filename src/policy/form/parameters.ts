/**
 * Restricted parameters as conditions, and back. The argument has to be there: a tool that may be called without
 * it takes something in its place, of which the policy knows nothing.
 */
import type { FormParameter } from '#contract';
import type { Line } from './line.ts';

/** Words that Cedar does not take as names. */
const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has']);

const isName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name) && !name.startsWith('__');

export function parameterCondition(name: string, parameter: FormParameter): string {
  const quoted = JSON.stringify(name);
  const argument = isName(name) ? `context.args.${name}` : `context.args[${quoted}]`;
  return [`context.args has ${isName(name) ? name : quoted}`, ...conditionsOn(argument, parameter)].join(' && ');
}

function conditionsOn(argument: string, { type, min, max, oneOf, like }: FormParameter): readonly string[] {
  if (oneOf !== undefined) return [`[${oneOf.map((value) => JSON.stringify(value)).join(', ')}].contains(${argument})`];
  if (like !== undefined) return [`${argument} like ${JSON.stringify(like)}`];
  const float = type === 'float';
  const compare = (operator: string, method: string, bound: number | undefined): readonly string[] =>
    bound === undefined
      ? []
      : [float ? `${argument}.${method}(decimal("${decimalText(bound)}"))` : `${argument} ${operator} ${bound}`];
  return [...compare('>=', 'greaterThanOrEqual', min), ...compare('<=', 'lessThanOrEqual', max)];
}

/** Cedar asks for one digit behind the point, and takes four. */
const decimalText = (value: number): string => value.toFixed(4).replace(/(\.\d+?)0+$/, '$1');

/** What a condition that `parameterCondition` made says; of any other it says something that makes another one. */
export function readParameter(line: Line): readonly [name: string, parameter: FormParameter] {
  const [whole = '', bare, quoted = ''] = /^context\.args has (?:(\w+)|("\d+")) && /.exec(line.text) ?? [];
  const name = bare ?? (line.value(quoted) as string);
  const rest = line.text.slice(whole.length);
  const found = (expression: RegExp): unknown => {
    const piece = expression.exec(rest)?.[1];
    return piece === undefined ? undefined : line.value(piece);
  };
  const oneOf = found(/^(\[.*\])\.contains\(/) as FormParameter['oneOf'];
  if (oneOf !== undefined) return [name, { oneOf }];
  const like = found(/ like ("\d+")$/) as string | undefined;
  if (like !== undefined) return [name, { like }];
  const float = rest.includes('(decimal(');
  const min = found(float ? /\.greaterThanOrEqual\(decimal\(("\d+")\)\)/ : / >= (-?\d+)(?: && |$)/);
  const max = found(float ? /\.lessThanOrEqual\(decimal\(("\d+")\)\)$/ : / <= (-?\d+)$/);
  return [
    name,
    {
      type: float ? 'float' : 'integer',
      ...(min !== undefined && { min: Number(min) }),
      ...(max !== undefined && { max: Number(max) }),
    },
  ];
}
