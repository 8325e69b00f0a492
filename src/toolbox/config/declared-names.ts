import { prefixOf, type Kind } from '#contract';
import type { Announced } from './declarations.ts';
import { problemAt, type Problem } from './problems.ts';

/** Toolsets and groups answer at the same URLs, so they share their names. */
const space = (kind: Kind): Kind => (kind === 'toolset' ? 'group' : kind);

/** The names of every document, readable or not, by namespace and kind. */
export class DeclaredNames {
  readonly #byKey = new Map<string, Map<string, Announced>>();
  readonly problems: Problem[] = [];

  readonly #unread: ReadonlySet<string>;

  /** `unread`: texts of documents that could not be read. */
  constructor(announced: readonly Announced[], unread: readonly string[]) {
    this.#unread = new Set(unread.flatMap((text) => text.split(/[^A-Za-z0-9_.-]+/)));
    for (const one of announced) this.#add(one);
  }

  #add(one: Announced): void {
    const key = keyOf(one.namespace, one.kind);
    let names = this.#byKey.get(key);
    if (!names) this.#byKey.set(key, (names = new Map<string, Announced>()));
    const first = names.get(one.name);
    if (!first) {
      names.set(one.name, one);
      return;
    }
    const { file, line, column } = placeOfName(first);
    const what = first.kind === one.kind ? `another ${one.kind}` : `a ${first.kind}`;
    this.problems.push(
      problemAt(
        placeOfName(one),
        'NAME_TAKEN',
        `${what} is called \`${one.name}\` already, at ${file}:${line}:${column}`,
        'Rename one of the two.',
      ),
    );
  }

  find(namespace: string, kind: Kind, name: string): Announced | undefined {
    return this.#byKey.get(keyOf(namespace, kind))?.get(name);
  }

  /** Whether it may be the name of something that a server behind us offers: of those nobody knows the names yet. */
  mayBeFederated(namespace: string, name: string): boolean {
    return [...(this.#byKey.get(keyOf(namespace, 'mcpServer'))?.values() ?? [])].some(({ name: server, document }) => {
      const { prefix, tools } = document.value;
      const { rename } = (typeof tools === 'object' && tools !== null ? tools : {}) as { rename?: unknown };
      const renamed = typeof rename === 'object' && rename !== null ? Object.values(rename) : [];
      const before = prefixOf({ name: server, prefix: typeof prefix === 'string' ? prefix : undefined });
      return (name.startsWith(before) && name !== before) || renamed.includes(name);
    });
  }

  /** Whether a document that could not be read may declare the name: its text has the word. */
  mayBeUnread(name: string): boolean {
    return this.#unread.has(name);
  }

  /** What could have been meant, sorted. */
  names(namespace: string, kind: Kind): string[] {
    return [...(this.#byKey.get(keyOf(namespace, kind))?.keys() ?? [])].toSorted((a, b) => a.localeCompare(b, 'en'));
  }

  /** Another namespace that has the name: a reference stays within its own. */
  elsewhere(kind: Kind, name: string): string | undefined {
    for (const [key, names] of this.#byKey) {
      const found = names.get(name);
      if (found && key.endsWith(` ${space(kind)}`)) return found.namespace;
    }
    return undefined;
  }
}

const keyOf = (namespace: string, kind: Kind): string => `${namespace} ${space(kind)}`;

const placeOfName = ({ document }: Announced) => document.locate(['name']);
