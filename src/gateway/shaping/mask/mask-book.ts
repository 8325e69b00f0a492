/**
 * Which masks cover which answers: those of the namespace that are about the tool, but for what a caller's roles or
 * groups may see, and those that the deciding permit asks for. Worked out once per tool, and once per caller where
 * it matters who that is.
 */
import { hasRole, KNOWN_PATTERNS, type KnownPattern, type MaskDeclaration, type Principal } from '#contract';
import type { NamespaceView, Tool } from '#toolbox';
import { KNOWN, ownPattern, type Detector } from '../detect/index.ts';
import { blocked } from './blocked.ts';
import { readFieldPath } from './field-path.ts';
import type { Digest } from './method.ts';
import type { FieldRule, MaskRules, TextRule } from './rules.ts';

type View = Pick<NamespaceView, 'name' | 'groups'> & { readonly masks?: readonly MaskDeclaration[] };

export class MaskBook {
  readonly #digestOf: (namespace: string) => Digest;
  /** A snapshot is immutable: what was compiled of a declaration lives as long as it. */
  readonly #compiled = new WeakMap<MaskDeclaration, Omit<MaskRules, 'digest'>>();
  readonly #about = new WeakMap<View, WeakMap<Tool, readonly MaskDeclaration[]>>();
  readonly #plain = new WeakMap<readonly MaskDeclaration[], MaskRules>();
  readonly #ofCaller = new WeakMap<readonly MaskDeclaration[], WeakMap<Principal, MaskRules | typeof NOTHING>>();

  /** `digestOf`: the digest of a namespace, by a key of its own. */
  constructor(digestOf: (namespace: string) => Digest) {
    this.#digestOf = digestOf;
  }

  /**
   * What covers the answers of a tool, or with `undefined` of prompts and resources, for the caller. `asked`: the
   * masks that the deciding permit names; one that there is not covers nothing, so nothing may be given.
   * Undefined where no mask applies. Throws `OUTPUT_BLOCKED`.
   */
  rulesFor(view: View, tool: Tool | undefined, principal: Principal, asked: readonly string[]): MaskRules | undefined {
    const about = this.#masksAbout(view, tool);
    if (about.length === 0 && asked.length === 0) return undefined;
    const excepting = about.some(({ exceptRoles, exceptGroups }) => exceptRoles.length > 0 || exceptGroups.length > 0);
    if (!excepting && asked.length === 0) {
      let plain = this.#plain.get(about);
      if (plain === undefined) this.#plain.set(about, (plain = this.#join(view, about)));
      return plain;
    }
    if (asked.length === 0) {
      const rules = this.#rulesOfCaller(view, about, principal);
      return rules === NOTHING ? undefined : rules;
    }
    const mine = about.filter((mask) => !mayLook(mask, principal, view.name));
    const named = asked.flatMap((name) => namedMasks(view, name));
    const declared = [...new Set([...mine, ...named.filter((one) => typeof one !== 'string')])];
    return this.#join(
      view,
      declared,
      named.filter((one) => typeof one === 'string'),
    );
  }

  #rulesOfCaller(view: View, about: readonly MaskDeclaration[], principal: Principal): MaskRules | typeof NOTHING {
    let ofMasks = this.#ofCaller.get(about);
    if (ofMasks === undefined) this.#ofCaller.set(about, (ofMasks = new WeakMap()));
    let rules = ofMasks.get(principal);
    if (rules === undefined) {
      const mine = about.filter((mask) => !mayLook(mask, principal, view.name));
      rules = mine.length === 0 ? NOTHING : this.#join(view, mine);
      ofMasks.set(principal, rules);
    }
    return rules;
  }

  #masksAbout(view: View, tool: Tool | undefined): readonly MaskDeclaration[] {
    const { masks } = view;
    if (masks === undefined || masks.length === 0) return NONE;
    if (tool === undefined) return masks.filter((mask) => mask.when === 'always' && selectsAll(mask));
    let ofView = this.#about.get(view);
    if (ofView === undefined) this.#about.set(view, (ofView = new WeakMap()));
    let about = ofView.get(tool);
    if (about === undefined) {
      about = masks.filter((mask) => mask.when === 'always' && isAbout(mask, tool, view));
      ofView.set(tool, about);
    }
    return about;
  }

  #join(view: View, masks: readonly MaskDeclaration[], known: readonly KnownPattern[] = []): MaskRules {
    const compiled = masks.map((mask) => this.#rulesOf(mask));
    return {
      texts: [
        ...compiled.flatMap(({ texts }) => texts),
        ...known.map((name): TextRule => ({ mask: name, how: 'redact', detector: KNOWN[name] })),
      ],
      fields: compiled.flatMap(({ fields }) => fields),
      digest: this.#digestOf(view.name),
    };
  }

  #rulesOf(mask: MaskDeclaration): Omit<MaskRules, 'digest'> {
    let rules = this.#compiled.get(mask);
    if (rules === undefined) this.#compiled.set(mask, (rules = compile(mask)));
    return rules;
  }
}

const NOTHING: unique symbol = Symbol('nothing');
const NONE: readonly MaskDeclaration[] = Object.freeze([]);

function compile({ name, how, fields, caseSensitive, patterns }: MaskDeclaration): Omit<MaskRules, 'digest'> {
  const detectorOf = (pattern: MaskDeclaration['patterns'][number]): Detector =>
    typeof pattern === 'string' ? KNOWN[pattern] : ownPattern(pattern.regex, pattern.ignoreCase);
  return {
    texts: patterns.map((pattern): TextRule => ({ mask: name, how, detector: detectorOf(pattern) })),
    fields: fields.map((path): FieldRule => ({ mask: name, how, path: readFieldPath(path, caseSensitive) })),
  };
}

const selectsAll = ({ tools, toolsets, tags }: MaskDeclaration): boolean =>
  tools === undefined && toolsets === undefined && tags === undefined;

/** Any of what the mask names; names of nothing else than tools make a mask about tools. */
function isAbout(mask: MaskDeclaration, tool: Tool, view: View): boolean {
  if (selectsAll(mask)) return true;
  if (mask.tools?.includes(tool.name) === true) return true;
  if (mask.tags?.some((tag) => tool.tags.includes(tag)) === true) return true;
  const sets = mask.toolsets?.map((name) => view.groups.get(name));
  return sets?.some((group) => group?.tools.some(({ name }) => name === tool.name) === true) === true;
}

const mayLook = (mask: MaskDeclaration, principal: Principal, namespace: string): boolean =>
  mask.exceptRoles.some((role) => hasRole(principal, namespace, role)) ||
  mask.exceptGroups.some((group) => principal.groups.includes(group));

/** Masks of that name, the namespace's and those that hold everywhere; or the known pattern. */
function namedMasks({ masks = [] }: View, name: string): readonly (MaskDeclaration | KnownPattern)[] {
  const declared = masks.filter((mask) => mask.name === name);
  if (declared.length > 0) return declared;
  if ((KNOWN_PATTERNS as readonly string[]).includes(name)) return [name as KnownPattern];
  throw blocked(name, 'is asked for by the policy that permits the call, and there is no such mask');
}
