/**
 * parameters: from declarations to a published schema and a compiled check.
 *
 * `parameter-set.ts` compiles all parameters of a tool; `rule.ts` one of them; `json-schema.ts` and
 * `manifest.ts` publish them. `pattern-*.ts` read regular expressions and keep them from running for
 * ever. Does not own: what the values are used for (tools), where supplied values come from (the doors).
 */
export { compileParameters, placed, type ParameterSet, type PlacedDeclaration } from './parameter-set.ts';
export { compilePattern, type Pattern } from './pattern.ts';
export { guardedPattern } from './guarded-pattern.ts';
export { startPatternBudget } from './pattern-guard.ts';
export { compileSearch, type Search } from './search-pattern.ts';
export { compileValueList, type ValueList } from './value-list.ts';
export { isRequired, parameterSchemaOf } from './json-schema.ts';
export { quoteValue } from './describe-value.ts';
