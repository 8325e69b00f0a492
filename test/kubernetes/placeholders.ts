/**
 * `<rv-1>`, `<uid-2>`, `<time>` and the like, which recordings call placeholders: what differs from server to server
 * stands so in them. Each is bound at its first sight to what our server says there, and is the same ever after.
 */
import { isObject, type Json, type JsonObject } from './api-server/json.ts';

const placeholder =
  /<(?:rv|uid|continue|cluster-ip)-\d+>|<time>|<random>|<server-address>|<token>|<ca-bundle>|<fingerprint>/g;
const shapes: Readonly<Record<string, string>> = {
  rv: '\\d+',
  uid: '[0-9a-f-]{36}',
  continue: '[\\w-]+={0,2}',
  'cluster-ip': '[\\d.]+',
  time: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ',
  random: '[a-z0-9]+',
  'server-address': '.+',
  token: '.+',
  'ca-bundle': '.+',
  fingerprint: '[0-9a-f]+',
};
const kindOf = (name: string): string => name.replace(/[<>]|-\d+/g, '');
const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0]);
const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class Placeholders {
  readonly #bound = new Map<string, string>();
  /** Versions that need only not be older than their forerunners: a real server also writes on its own. */
  readonly #loose = new Set<string>();

  /** A text to send, with what the placeholders stand for; an unknown version is an old or a future one. */
  filled(text: string): string {
    return text.replace(placeholder, (name) => {
      if (name === '<time>') return '2030-01-01T00:00:00Z';
      const known = this.#bound.get(name);
      if (known !== undefined) return known;
      if (kindOf(name) === 'cluster-ip') return '10.0.99.99';
      if (kindOf(name) !== 'rv') return name;
      const newest = Math.max(0, ...[...this.#bound.keys()].filter((one) => kindOf(one) === 'rv').map(numberOf));
      const chosen = newest > 0 && numberOf(name) > newest ? '99999999' : String(numberOf(name));
      this.#bound.set(name, chosen);
      return chosen;
    });
  }

  /** Every place where the answer is not as recorded. */
  differences(expected: Json | undefined, actual: Json | undefined, path = ''): string[] {
    if (typeof expected === 'string' && typeof actual === 'string')
      return this.#matches(expected, actual, path.startsWith(loosely)) ? [] : [differing(path, expected, actual)];
    if (Array.isArray(expected) && Array.isArray(actual)) {
      const [left, right] = unordered.test(path) ? [inOrder(expected), inOrder(actual)] : [expected, actual];
      if (left.length !== right.length) return [differing(path, expected, actual)];
      return left.flatMap((item, at) => this.differences(item, right[at], `${path}/${at}`));
    }
    if (isObject(expected) && isObject(actual)) {
      const wanted = Object.fromEntries(Object.entries(expected).map(([key, one]) => [this.filled(key), one]));
      const keys = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
      const into = expected['type'] === 'BOOKMARK' || 'items' in expected ? loosely : '';
      return [...keys].flatMap((key) =>
        this.differences(wanted[key], actual[key], `${key === 'items' ? '' : into}${path}/${key}`),
      );
    }
    return expected === actual ? [] : [differing(path, expected, actual)];
  }

  /** Versions must ascend as their numbers do. */
  disorder(): string[] {
    const versions = [...this.#bound.keys()].filter((name) => kindOf(name) === 'rv');
    const ascending = versions.toSorted((left, right) => numberOf(left) - numberOf(right));
    return ascending.flatMap((name, at) => {
      const before = ascending[at - 1];
      if (before === undefined) return [];
      const step = Number(this.#bound.get(name)) - Number(this.#bound.get(before));
      return step > 0 || (step === 0 && this.#loose.has(name)) ? [] : [`${before} is not older than ${name} (${step})`];
    });
  }

  #matches(expected: string, actual: string, loose: boolean): boolean {
    const names = expected.match(placeholder) ?? [];
    if (names.length === 0) return expected === actual || same(expected, actual);
    const parts = expected.split(placeholder).map(quoted);
    const pattern = parts.reduce((all, part, at) => `${all}(${shapes[kindOf(names[at - 1] ?? '')]})${part}`);
    const found = new RegExp(`^${pattern}$`, 's').exec(actual);
    return found !== null && names.every((name, at) => this.#bind(name, found[at + 1] ?? '', loose));
  }

  #bind(name: string, value: string, loose: boolean): boolean {
    if (['<time>', '<server-address>', '<token>', '<ca-bundle>', '<fingerprint>'].includes(name)) return true;
    const known = this.#bound.get(name);
    if (known !== undefined) return known === value;
    this.#bound.set(name, value);
    if (loose) this.#loose.add(name);
    return true;
  }
}

/** Marks the path of a version that a real server moves on its own: of a bookmark or of a list. */
const loosely = '~';

/** Faults in another order are the same, and so are ages in seconds. */
function same(expected: string, actual: string): boolean {
  const age = /^\d+s$/;
  if (age.test(expected)) return age.test(actual);
  const faults = (message: string): string =>
    message.replace(' is invalid: [', ' is invalid, ').replace(/\]$/, '').split(', ').toSorted().join(', ');
  return expected.includes(' is invalid: [') && faults(expected) === faults(actual);
}

/** Lists whose order a real server does not fix, or fixes by the second in which something was written. */
const unordered = /\/(causes|managedFields|resourceRules|nonResourceRules)$/;

function inOrder(items: readonly Json[]): Json[] {
  const key = (item: Json): string => {
    const { manager, operation, subresource, field, reason, message, resources, nonResourceURLs } = isObject(item)
      ? item
      : ({} as JsonObject);
    return JSON.stringify([operation, manager, subresource, field, reason, message, resources, nonResourceURLs]);
  };
  return items.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}

const shown = (value: Json | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const differing = (path: string, expected: Json | undefined, actual: Json | undefined): string =>
  `${path === '' ? '/' : path}\n      recorded ${shown(expected)}\n      answered ${shown(actual)}`;
