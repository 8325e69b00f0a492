import { hkdfSync } from 'node:crypto';
import { UNTRUSTED, type AuditEvent, type ClientFace, type OutputSettings, type Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { NamespaceView, Tool, ToolOutput } from '#toolbox';
import type { SeenLabels } from './labels/seen-labels.ts';
import type { MaskBook } from './mask/mask-book.ts';
import type { Masking } from './mask/mask-output.ts';
import type * as ShapeOutput from './shape-output.ts';

/** What an answer says of itself at the door. */
export interface AnswerMarks {
  /** Of `_meta`. */
  readonly meta: JsonObject;
  readonly untrusted: boolean;
  /** What stands before and after its text; undefined where it is not wrapped. */
  readonly around: { readonly before: string; readonly after: string } | undefined;
}

/** What is done to one answer and to everything that its tool says before it. */
export interface CallShaping {
  client(face: ClientFace): ClientFace;
  /** Throws `OUTPUT_INVALID` and `OUTPUT_BLOCKED`. */
  output(output: ToolOutput): ToolOutput;
  /** A failure in the tool's words, which may be the data's. */
  failure(error: unknown): unknown;
  readonly marks: AnswerMarks | undefined;
  /** What goes on record: how often which mask covered something, what was hidden; never what. */
  readonly details: AuditEvent['details'];
}

/** What covers what prompts and resources hold. */
export interface Consulting {
  client(face: ClientFace): ClientFace;
  readonly masking: Masking;
  readonly details: AuditEvent['details'];
}

interface Loaded {
  readonly shape: typeof ShapeOutput;
  readonly book: MaskBook;
}

/** The step of the pipeline that looks at answers. For a call that nothing applies to it is two questions. */
export class OutputShaping {
  readonly #key: () => Promise<Buffer>;
  readonly #settings: OutputSettings;
  readonly #seen: SeenLabels;
  #loaded: Loaded | undefined;

  /**
   * `key`: 32 bytes that digests of masked values are made with, the same in every process. Where it cannot be had,
   * no answer is given that masks apply to.
   */
  constructor(key: () => Promise<Buffer>, settings: OutputSettings, seen: SeenLabels) {
    this.#key = key;
    this.#settings = settings;
    this.#seen = seen;
  }

  /**
   * What is done to the answer of a call; undefined where nothing is. `asked`: the masks that the deciding permit
   * names. A promise until the first such call has loaded it. Throws `OUTPUT_BLOCKED`, before anything runs, where
   * there is no such mask.
   */
  of(
    view: NamespaceView,
    tool: Tool,
    principal: Principal,
    asked: readonly string[],
  ): CallShaping | undefined | Promise<CallShaping | undefined> {
    const labels = labelsOf(tool);
    if (asked.length === 0 && labels.length === 0 && (view.masks ?? []).length === 0) return undefined;
    const make = ({ shape, book }: Loaded): CallShaping | undefined => {
      const rules = book.rulesFor(view, tool, principal, asked);
      if (rules === undefined && labels.length === 0) return undefined;
      return new shape.ShapedCall({ tool, rules, labels, settings: this.#settings });
    };
    return this.#loaded === undefined ? this.#load().then(make) : make(this.#loaded);
  }

  /** The same for what is no call. */
  ofConsultation(
    view: Pick<NamespaceView, 'name' | 'groups' | 'masks'>,
    principal: Principal,
  ): Consulting | undefined | Promise<Consulting | undefined> {
    if ((view.masks ?? []).length === 0) return undefined;
    const make = ({ shape, book }: Loaded): Consulting | undefined => {
      const rules = book.rulesFor(view, undefined, principal, []);
      return rules && new shape.MaskedConsultation(rules);
    };
    return this.#loaded === undefined ? this.#load().then(make) : make(this.#loaded);
  }

  /** To be told when the answer of a tool with labels is about to be given. */
  saw(principal: Principal, tool: Tool): void {
    this.#seen.saw(principal, labelsOf(tool));
  }

  async #load(): Promise<Loaded> {
    const [key, shape, { MaskBook: Book }, { digestWith }] = await Promise.all([
      this.#key(),
      import('./shape-output.ts'),
      import('./mask/mask-book.ts'),
      import('./mask/method.ts'),
    ]);
    const keyOf = (namespace: string): Buffer =>
      Buffer.from(hkdfSync('sha256', key, '', `masked values of ${namespace}`, 32));
    const digests = new Map<string, ReturnType<typeof digestWith>>();
    const digestOf = (namespace: string): ReturnType<typeof digestWith> => {
      let digest = digests.get(namespace);
      if (digest === undefined) digests.set(namespace, (digest = digestWith(keyOf(namespace))));
      return digest;
    };
    return (this.#loaded ??= { shape, book: new Book(digestOf) });
  }
}

/** Of a server behind us, where nobody looked into what its answers are made of, they are a stranger's. */
const labelsOf = ({ labels, origin }: Tool): readonly string[] => labels ?? (origin === 'federated' ? STRANGERS : NONE);

const STRANGERS: readonly string[] = Object.freeze([UNTRUSTED]);
const NONE: readonly string[] = Object.freeze([]);

export const isUntrusted = (labels: readonly string[]): boolean => labels.includes(UNTRUSTED);
