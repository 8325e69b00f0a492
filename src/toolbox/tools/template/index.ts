/**
 * tools/template: placeholders in texts. `template-syntax.ts` finds them; `sql-template.ts` compiles a
 * statement, `sql-position.ts` telling where each stands and `slot.ts` (names: `identifier-slot.ts`)
 * what may be put there.
 */
export { compileSqlTemplate, type SqlTemplate, type SqlTemplateOptions } from './sql-template.ts';
export { parseTemplate, type Placeholder, type Template } from './template-syntax.ts';
