/**
 * policy/form: policies as forms. `compile.ts` makes Cedar of a form, `read.ts` the form again of that Cedar, and of
 * no other text; `hours.ts` and `parameters.ts` are the parts with a grammar of their own, both ways. `qualify.ts`
 * says a form as it is kept, `registry-rules.ts` reads the rules of a tool registry. The fields: `#contract`.
 */
export { compileForm } from './compile.ts';
export { formOf } from './read.ts';
export { qualified } from './qualify.ts';
export { formOfRules, registryRules, type RegistryRules } from './registry-rules.ts';
