/** Objects that are one step away from another: a field less, or a value in the place of another. */
import type { JsonObject } from '#kernel';

interface Neighbour {
  readonly title: string;
  readonly object: JsonObject;
}

const TEXTS = [
  '',
  ' ',
  'a',
  'A_b',
  'a.b',
  'https://a.example/',
  'https://a.example:99999/x',
  'https://a.example:08443/x',
  'https://a.example:',
  'https://:443/',
  'https://[zz]/',
  'https://[::1]:8443/x',
  'https://[::1]',
  'https://a:b',
  'https://999.1.1.1/',
  'https://1.2.3',
  'https://a..b/',
  'https://A.example/x',
  'https://-a.example/',
  'https://a.example/%zz',
  'https://a.example/x/../y',
  'https://xn--a/',
  'https://0x7f.1/',
  'https://a.0/',
  'https://a.1x/',
  'https://a.example/a|b',
  'https://a.example/ü',
  'http://a.example',
  '1h',
  '0s',
  'ü',
  'a'.repeat(300),
];
const NUMBERS = [-1, 0, 1, 65_536, 2_147_483_647, 1.5];

/** All within the spec; the object itself is not touched. */
export function neighbours(object: JsonObject): Neighbour[] {
  return steps(object['spec'], 'spec').map(({ title, value }) => ({
    title,
    object: { ...object, spec: value as JsonObject },
  }));
}

interface Step {
  readonly title: string;
  readonly value: unknown;
}

function steps(value: unknown, path: string): Step[] {
  const other = (replacements: readonly unknown[]): Step[] =>
    replacements
      .filter((one) => one !== value)
      .map((one) => ({ title: `${path} = ${JSON.stringify(one)?.slice(0, 40)}`, value: one }));
  if (typeof value === 'string') return other([...TEXTS, 7]);
  if (typeof value === 'number') return other([...NUMBERS, 'seven']);
  if (typeof value === 'boolean') return other([!value, 'yes']);
  if (Array.isArray(value))
    return [
      ...other([[], [...value, value[0]]]),
      ...value.flatMap((entry, at) =>
        steps(entry, `${path}[${at}]`).map(({ title, value: one }) => ({ title, value: value.with(at, one) })),
      ),
    ];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    return [
      { title: `no ${path}.${name}`, value: rest },
      ...steps(field, `${path}.${name}`).map(({ title, value: one }) => ({ title, value: { ...value, [name]: one } })),
    ];
  });
}
