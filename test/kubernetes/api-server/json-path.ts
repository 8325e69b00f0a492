/** The JSONPath of printer columns: fields, indexes and one filter by equality. */
import { isObject, type Json } from './json.ts';

export function jsonPath(value: Json, path: string): Json | undefined {
  let at: Json | undefined = value;
  for (const [step] of path.matchAll(/\.[\w-]+|\[\d+\]|\[\?\(@\.[\w-]+==['"][^'"]*['"]\)\]/g)) {
    const filter = /^\[\?\(@\.([\w-]+)==['"]([^'"]*)['"]\)\]$/.exec(step);
    if (filter !== null) {
      const [, key = '', wanted] = filter;
      at = Array.isArray(at) ? at.find((item) => isObject(item) && item[key] === wanted) : undefined;
    } else if (step.startsWith('[')) at = Array.isArray(at) ? at[Number(step.slice(1, -1))] : undefined;
    else at = isObject(at) ? at[step.slice(1)] : undefined;
  }
  return at;
}
