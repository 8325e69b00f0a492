import type { FieldPath, Place, Position } from '#contract';
import { findOrigin, type MemberOrigin, type OriginTree } from './origins.ts';
import type { SourceText } from './source-text.ts';

/** One mapping at the top of a file, as plain data, and where everything in it was written. */
export class RawDocument {
  readonly source: SourceText;
  readonly value: Record<string, unknown>;
  /** Offset of the first field. */
  readonly start: number;
  readonly #readOrigins: () => OriginTree;
  #origins: OriginTree | undefined;
  #findHidden: (() => ReadonlySet<number>) | undefined;
  #hidden: ReadonlySet<number> | undefined;

  /** `readOrigins` is called when a place is asked for, once: most documents have nothing wrong in them. */
  constructor(source: SourceText, value: Record<string, unknown>, start: number, readOrigins: () => OriginTree) {
    this.source = source;
    this.value = value;
    this.start = start;
    this.#readOrigins = readOrigins;
  }

  get origins(): OriginTree {
    return (this.#origins ??= this.#readOrigins());
  }

  /** How the member at a path was written; undefined when there is none. */
  member(path: FieldPath): MemberOrigin | undefined {
    return findOrigin(this.origins, path).member;
  }

  /** Where a field is, or the nearest thing around it that exists. */
  locate(path: FieldPath, within?: Pick<Position, 'line' | 'column'>): Place {
    const start = path.length === 0 ? this.start : findOrigin(this.origins, path).start;
    const place = this.source.place(within === undefined ? start : this.source.withinBlock(start, within));
    if (this.#findHidden === undefined) return place;
    this.#hidden ??= this.#findHidden();
    return this.#hidden.has(place.line) ? { ...place, excerpt: '' } : place;
  }

  lineOf(path: FieldPath): number {
    return this.source.position(findOrigin(this.origins, path).start).line;
  }

  /** No excerpt shows these lines from now on; they are looked for when a place is asked for. */
  hideLines(find: () => ReadonlySet<number>): void {
    this.#findHidden = find;
  }

  /** Where the key of a field is. */
  locateKey(path: FieldPath): Place {
    const { member, start } = findOrigin(this.origins, path);
    return this.source.place(member?.key ?? start);
  }
}
