/** Label selectors and field selectors. */
import { type ApiObject, isObject, type Json, plain } from './json.ts';
import type { ResourceType } from './resource-type.ts';
import { badRequest } from './statuses.ts';

export type Selector = (object: ApiObject) => boolean;

/** Splits at commas that are not inside brackets. */
const terms = (source: string): string[] => source.split(/,(?![^(]*\))/).map((term) => term.trim());

export function labelSelector(source: string): Selector {
  if (source.trim() === '') return () => true;
  const all = terms(source).map(labelTerm);
  return (object) => all.every((matches) => matches(object.metadata.labels ?? {}));
}

function labelTerm(term: string): (labels: Readonly<Record<string, string>>) => boolean {
  const absent = /^!\s*([\w./-]+)$/.exec(term)?.[1];
  if (absent !== undefined) return (labels) => labels[absent] === undefined;
  const [, key = '', operator = '', rest = ''] = /^([\w./-]+)\s*(==|=|!=|>|<|\S+)?\s*(.*)$/.exec(term) ?? [];
  const values = new Set(
    rest
      .replace(/^\(|\)$/g, '')
      .split(',')
      .map((value) => value.trim()),
  );
  switch (operator) {
    case '':
      return (labels) => labels[key] !== undefined;
    case '=':
    case '==':
    case '!=': {
      const [value = '', extra] = rest.split(/\s+/);
      if (extra !== undefined) throw badRequest(`found '${extra}', expected: ',' or 'end of string'`);
      return (labels) => (labels[key] === value) === (operator !== '!=');
    }
    case 'in':
      return (labels) => values.has(labels[key] ?? '\0');
    case 'notin':
      return (labels) => !values.has(labels[key] ?? '\0');
    case '>':
    case '<': {
      const sign = operator === '>' ? 1 : -1;
      return (labels) => (Number(labels[key]) - Number(rest)) * sign > 0;
    }
    default:
      throw badRequest(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

export function fieldSelector(source: string, type: ResourceType): Selector {
  if (source === '') return () => true;
  const all = source.split(',').map((term) => {
    const [, field = '', operator = '', value = ''] = /^([^=!]*)(==|!=|=)(.*)$/.exec(term) ?? [];
    if (operator === '') throw badRequest(`invalid selector: '${source}'; can't understand '${term}'`);
    if (!['metadata.name', 'metadata.namespace', ...type.selectable].includes(field))
      throw badRequest(`field label not supported: ${field}`);
    return (object: ApiObject): boolean => (valueAt(object, field) === value) === (operator !== '!=');
  });
  return (object) => all.every((matches) => matches(object));
}

function valueAt(object: ApiObject, path: string): string {
  let at: Json | undefined = object;
  for (const step of path.split('.')) at = isObject(at) ? at[step] : undefined;
  return at === null ? '' : plain(at);
}
