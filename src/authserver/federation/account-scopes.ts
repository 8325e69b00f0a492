import { isScope } from '#contract';

const MOST = 100;

/** The scopes of an address or a form (RFC 6749 §3.3); undefined where it has none, or more than anybody asks for. */
export function readScopes(fields: URLSearchParams): readonly string[] | undefined {
  const scopes = (fields.get('scope') ?? '').split(' ').filter(isScope);
  return scopes.length === 0 || scopes.length > MOST ? undefined : scopes;
}
