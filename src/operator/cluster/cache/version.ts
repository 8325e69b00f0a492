/**
 * Which of two resource versions is the later. Kubernetes promises since 1.35 that they are whole numbers that grow;
 * what is none is compared with nothing.
 */
const WHOLE = /^(0|[1-9]\d*)$/;

export function isOlder(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined || !WHOLE.test(version) || !WHOLE.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

export const later = (one: string | undefined, other: string): string =>
  one !== undefined && isOlder(other, one) ? one : other;
