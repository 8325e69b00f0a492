import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Scalar,
  type Alias,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { EnvironmentValue, MemberOrigin, OriginTree } from './origins.ts';
import { uncover } from './placeholders.ts';
import { readScalarText, reportIn, type FileReading } from './scalar-text.ts';
import { substitute } from './substitute.ts';
import { FILE_LIMITS } from './yaml-limits.ts';

/** The tags of YAML's core schema; any other would ask us to make something that data is not. */
const CORE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

/** Keys through which a careless copy reaches the prototype of every object. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes plain data of one document's nodes, filling `${…}` on the way, and refuses what two readers
 * could understand differently. The conversion is our own, not the library's, because it must know
 * every node's place and count what aliases repeat.
 */
export class DocumentConversion {
  readonly #file: FileReading;
  readonly #base: number;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  readonly #filled = new Map<Node, EnvironmentValue>();
  readonly #origins = new Map<unknown, OriginTree>();
  #expanding = 0;
  #exhausted = false;

  /** `base`: the offset in the file of the text whose nodes these are. */
  constructor(file: FileReading, base: number) {
    this.#file = file;
    this.#base = base;
  }

  /** The value of a node; `undefined` stands for one that was refused and reported. */
  convert(node: Node | null): unknown {
    if (node === null) return null;
    if (isAlias(node)) return this.#alias(node);
    if (this.#expanding > 0 && !this.#mayRepeat(node)) return undefined;
    if (node.tag !== undefined && !CORE_TAGS.has(node.tag)) {
      return this.#refuse(
        node,
        `the tag \`${short(node.tag)}\` is not one of YAML's core schema`,
        'Take the tag away.',
      );
    }
    if (isScalar(node)) {
      this.#remember(node);
      return this.#scalar(node);
    }
    if (!isMap(node) && !isSeq(node)) return this.#refuse(node, 'this is neither a value, a list nor a mapping');
    this.#remember(node);
    this.#open.add(node);
    const value = isMap(node) ? this.#map(node) : this.#sequence(node);
    this.#open.delete(node);
    return value;
  }

  /** Where the members of a mapping or list that was converted are. */
  originsOf(value: object): OriginTree | undefined {
    return this.#origins.get(value);
  }

  #remember(node: Exclude<Node, Alias>): void {
    if (node.anchor !== undefined && this.#expanding === 0) this.#anchors.set(node.anchor, node);
  }

  #map(node: YAMLMap): unknown {
    const value: Record<string, unknown> = {};
    const members = new Map<string, MemberOrigin>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = this.#key(pair.key);
      if (key === undefined) continue;
      if (members.has(key)) {
        this.#refuse(pair.key, `\`${short(key)}\` is there twice in one mapping`, 'Keep one of the two.');
        continue;
      }
      const keyAt = this.#startOf(pair.key);
      const member = this.convert(pair.value);
      members.set(key, this.#member(keyAt, pair.value, member));
      if (member !== undefined) value[key] = member;
    }
    this.#origins.set(value, { start: this.#startOf(node), members });
    return value;
  }

  #key(node: Node): string | undefined {
    if (!isScalar(node) || typeof node.value !== 'string') {
      this.#refuse(node, 'a key is plain text', 'Write the key out, without anchors, aliases, lists or mappings.');
      return undefined;
    }
    if (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str') {
      this.#refuse(node, 'a key has a tag', 'Take the tag away.');
      return undefined;
    }
    const key = uncover(node.value);
    if (key === '<<') {
      this.#refuse(node, 'merge keys (`<<`) are not YAML 1.2', 'Write the fields out.');
    } else if (PROTOTYPE_KEYS.has(key)) {
      this.#refuse(node, `\`${key}\` is not accepted as a key`, 'Choose another name.');
    } else if (substitute(key, {}).count > 0) {
      this.#refuse(node, 'a key cannot come from the environment', 'Write the key out; values may hold `${…}`.');
    } else {
      this.#remember(node);
      return key;
    }
    return undefined;
  }

  #sequence(node: YAMLSeq): unknown {
    const value: unknown[] = [];
    const members = new Map<number, MemberOrigin>();
    for (const item of node.items as (Node | null)[]) {
      const converted = this.convert(item);
      const key = item === null ? this.#startOf(node) : this.#startOf(item);
      members.set(value.length, this.#member(key, item, converted));
      // A refused item leaves its place empty, so that the ones behind it keep their index.
      value.push(converted === undefined ? null : converted);
    }
    this.#origins.set(value, { start: this.#startOf(node), members });
    return value;
  }

  #member(key: number, node: Node | null, converted: unknown): MemberOrigin {
    const value = node === null || (isScalar(node) && node.value === null) ? key : this.#startOf(node);
    if (converted === undefined) return { key, value, refused: true };
    const inside = this.#origins.get(converted);
    if (inside) return { key, value, inside };
    if (!isScalar(node)) return { key, value };
    const environment = this.#filled.get(node);
    if (environment) return { key, value, environment };
    const { source } = node;
    const typed = typeof node.value === 'number' || typeof node.value === 'boolean';
    return typed && source !== undefined ? { key, value, written: source } : { key, value };
  }

  #scalar(node: Scalar): unknown {
    const { value } = node;
    if (typeof value === 'number') return this.#number(node, value);
    if (typeof value !== 'string') return value;
    const [start, end] = node.range ?? [0, 0];
    const at = [start + this.#base, end + this.#base] as const;
    const { text, environment } = readScalarText(this.#file, uncover(value), at, node.type === Scalar.PLAIN);
    if (environment) this.#filled.set(node, environment);
    return text;
  }

  #number(node: Scalar, value: number): unknown {
    const written = node.source ?? String(value);
    if (!Number.isFinite(value)) return this.#refuse(node, `\`${written}\` is not a number that JSON has`);
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && !/[.eE]/.test(written)) {
      return this.#refuse(node, `\`${written}\` is beyond 2^53 and would be rounded`, 'Quote it, if text is meant.');
    }
    return value;
  }

  #alias(node: Alias): unknown {
    const target = this.#anchors.get(node.source);
    if (!target) return this.#refuse(node, `no anchor \`&${short(node.source)}\` comes before this alias`);
    if (this.#open.has(target))
      return this.#refuse(node, `the alias \`*${short(node.source)}\` stands inside its own anchor`);
    if (this.#exhausted) return undefined;
    this.#expanding++;
    const value = this.convert(target);
    this.#expanding--;
    return value;
  }

  /** Billion laughs: aliases of aliases double at every level, so what they repeat is counted. */
  #mayRepeat(node: Node): boolean {
    if (this.#file.repeated-- > 0) return true;
    if (!this.#exhausted) {
      this.#refuse(node, `aliases repeat more than ${FILE_LIMITS.repeated} values`, 'Write the values out.');
      this.#exhausted = true;
    }
    return false;
  }

  #startOf(node: Node): number {
    return this.#base + (node.range?.[0] ?? 0);
  }

  #refuse(node: Node, message: string, hint?: string): undefined {
    reportIn(this.#file, this.#startOf(node), 'YAML_REFUSED', message, hint);
  }
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
