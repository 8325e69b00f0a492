import type { JsonValue } from '#kernel';

/** Characters, roughly: what large arguments are differs by more than quotes. */
export function argumentSize(value: JsonValue | Readonly<Record<string, JsonValue>>): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 4;
  let size = 0;
  for (const [name, part] of Object.entries(value)) size += name.length + argumentSize(part);
  return size;
}
