/**
 * The templates of requests: `{{.name}}`, and functions that Toolbox's users write and that change
 * nothing here, because every value is escaped for its place anyway.
 */
import { didYouMean } from '#kernel';
import { parseTemplate, type Placeholder, type Template } from '../../tools/template/index.ts';
import { ConfigurationFault } from '../../tools/tool-type.ts';

/** Parses the template in `field`; throws `ConfigurationFault` there when it names a value that is not among `known`. */
export function parseRequestTemplate(field: 'path' | 'requestBody', text: string, known: readonly string[]): Template {
  const template = parseTemplate(text, field === 'path' ? ['pathEscape', 'queryEscape'] : ['json'], [field]);
  const list = field === 'path' ? 'pathParams' : 'bodyParams';
  for (const { name, written } of placeholdersOf(template)) {
    if (known.includes(name)) continue;
    throw new ConfigurationFault([field], `\`${written}\` names none of the \`${list}\`${didYouMean(name, known)}`);
  }
  return template;
}

export const placeholdersOf = (template: Template): readonly Placeholder[] =>
  template.filter((part): part is Placeholder => typeof part !== 'string');
