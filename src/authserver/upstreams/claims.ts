import { isRecord } from '#kernel';

/** What a provider says of somebody, whether it is signed or only said. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its whole name, which may be a URL with dots in it, or through objects. */
export function valueAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let at: unknown = claims;
  for (const step of path.split('.')) {
    if (!isRecord(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** The same, where it is a text with something in it. */
export function textAt(claims: Claims, path: string): string | undefined {
  const value = valueAt(claims, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a claim that is one or a list of them. */
export function textsAt(claims: Claims, path: string): readonly string[] {
  const value = valueAt(claims, path);
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}
