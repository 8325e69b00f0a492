import { parseRange, type AddressRange } from '#kernel';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';

/** A network that a key is limited to. Throws `KEY_LIMIT_REFUSED`. */
export function keyRange(text: string): AddressRange {
  const range = parseRange(text);
  if (range.ok) return range.value;
  const what = `${quote(text)} is not a network such as \`10.0.0.0/8\` or \`2001:db8::/32\``;
  throw identityError('KEY_LIMIT_REFUSED', `${what}: ${range.error}`);
}
