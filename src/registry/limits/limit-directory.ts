import { EVERYWHERE, limitSchema } from '#contract';
import type { Author, ChangeFrame } from '#identity';
import { didYouMean, newId, type ChatelaineError } from '#kernel';
import { deleteLimit, findLimit, writeLimit, type StoredLimit } from '../store/limits-store.ts';
import type { CountSeen, Counters } from './counters/counters.ts';
import { limitError } from './errors.ts';
import type { LimitBook } from './limit-book.ts';
import type { LimitRule } from './rule.ts';

/** What a limit says, as a document writes it. */
export interface LimitDefinition {
  readonly per: string | readonly string[];
  readonly limits: string;
  readonly tools?: readonly string[] | undefined;
  readonly toolsets?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly agents?: readonly string[] | undefined;
}

/** How many counts of a limit are shown. */
const SHOWN = 100;

/**
 * Limits that are made by the API, beside those of the configuration, which nobody changes here. What was used
 * stays used when a limit is changed, and when it is deleted and made again.
 */
export class LimitDirectory {
  readonly #frame: ChangeFrame;
  readonly #book: LimitBook;
  readonly #counters: Counters;

  constructor(parts: { readonly frame: ChangeFrame; readonly book: LimitBook; readonly counters: Counters }) {
    this.#frame = parts.frame;
    this.#book = parts.book;
    this.#counters = parts.counters;
  }

  /** All that hold, or those of one namespace (`EVERYWHERE` for those of all). */
  async list(namespace?: string): Promise<readonly LimitRule[]> {
    const all = await this.#book.all();
    return namespace === undefined ? all : all.filter((rule) => rule.namespace === namespace);
  }

  isDeclared(rule: LimitRule): boolean {
    return this.#book.declared().some(({ id }) => id === rule.id);
  }

  /** Throws `LIMIT_UNKNOWN`. */
  async show(namespace: string, name: string): Promise<LimitRule> {
    const all = await this.list(namespace);
    const found = all.find((rule) => rule.name === name);
    if (found === undefined)
      throw unknownLimit(
        { namespace, name },
        didYouMean(
          name,
          all.map((rule) => rule.name),
        ),
      );
    return found;
  }

  /** How much is used of it now, the fullest counts first. Rejects where the counters do not answer. */
  async used(rule: LimitRule): Promise<readonly CountSeen[]> {
    return await this.#counters.seen(`${rule.id}|`, this.#frame.clock.now(), SHOWN);
  }

  /** Makes a limit or changes it. `check` is given what is there now. Throws `LIMIT_REFUSED`, `LIMIT_DECLARED`. */
  async put(
    by: Author,
    namespace: string,
    name: string,
    definition: LimitDefinition,
    check: (current: StoredLimit | undefined) => void,
  ): Promise<StoredLimit> {
    const place = namespace === EVERYWHERE ? { everywhere: true } : { namespace };
    const parsed = limitSchema.safeParse({ kind: 'limit', ...definition, ...place, name });
    if (!parsed.success)
      throw limitError('LIMIT_REFUSED', parsed.error.issues.map(({ message }) => message).join('; '));
    this.#mustNotBeDeclared(namespace, name);
    const made = await this.#frame.inTransaction(by, changeOf('limit.put', namespace, name), async (trx) => {
      this.#frame.check(by, 'limit.put', { namespace, missing: () => unknownLimit({ namespace, name }) });
      const now = this.#frame.clock.now();
      const current = await findLimit(trx, namespace, name);
      check(current);
      await writeLimit(trx, {
        ...{ id: current?.rowId ?? newId(now), namespace, name, definition: JSON.stringify(definition) },
        ...{ created_at: current?.createdAt ?? now, changed_at: now },
      });
      const value = (await findLimit(trx, namespace, name)) as StoredLimit;
      return { value, objectId: value.rowId, details: { limits: definition.limits.slice(0, 200) } };
    });
    this.#book.forget();
    return made;
  }

  /** Throws `LIMIT_UNKNOWN`, `LIMIT_DECLARED`. */
  async delete(by: Author, namespace: string, name: string, check: (current: StoredLimit) => void): Promise<void> {
    this.#mustNotBeDeclared(namespace, name);
    await this.#frame.inTransaction(by, changeOf('limit.delete', namespace, name), async (trx) => {
      const missing = (): ChatelaineError => unknownLimit({ namespace, name });
      this.#frame.check(by, 'limit.delete', { namespace, missing });
      const current = await findLimit(trx, namespace, name);
      if (current === undefined) throw missing();
      check(current);
      await deleteLimit(trx, current.rowId);
      return { value: undefined, objectId: current.rowId };
    });
    this.#book.forget();
  }

  #mustNotBeDeclared(namespace: string, name: string): void {
    if (this.#book.declared().some(({ id }) => id === `${namespace}/${name}`))
      throw limitError('LIMIT_DECLARED', `the limit \`${namespace}/${name}\` is one of the configuration`);
  }
}

const changeOf = (type: 'limit.put' | 'limit.delete', namespace: string, name: string) => ({
  type,
  action: type.slice('limit.'.length),
  object: { kind: 'limit', namespace: namespace.slice(0, 128), name: name.slice(0, 128) },
});

export const unknownLimit = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  hint = '',
): ChatelaineError =>
  limitError(
    'LIMIT_UNKNOWN',
    `there is no limit \`${name.slice(0, 128)}\` in the namespace \`${namespace.slice(0, 128)}\`${hint}`,
  );
