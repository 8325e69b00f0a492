/**
 * The error catalogue. Each module declares its codes once, in its `errors.ts`; `docs/reference/errors.md`
 * is generated from all of them, and a test fails when a code is thrown that no catalogue holds.
 */

/** One catalogued error: what it means to the person who meets it, and what to do. */
export interface ErrorEntry {
  /** HTTP status at the REST door; other doors map it to their own shapes. */
  readonly status: number;
  /** What happened, in one lower-case sentence without the values of this occurrence. */
  readonly title: string;
  /** What the reader can do about it. */
  readonly remedy: string;
}

/** Every catalogue that was declared, for the documentation and its test. */
export const errorCatalogues: { module: string; entries: Readonly<Record<string, ErrorEntry>> }[] = [];

/**
 * An error that an edge may answer with. `message` is public: it names the caller's own values and
 * never a secret. What only the operator may see belongs in `cause` or the log.
 */
export class ChatelaineError extends Error {
  override readonly name = 'ChatelaineError';
  readonly code: string;
  readonly status: number;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: string,
    entry: ErrorEntry,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>>; remedy?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = entry.status;
    this.remedy = options.remedy ?? entry.remedy;
    this.details = options.details;
  }
}

/** What is away now is asked for again after so long, where nobody knows better. */
const SOON_SECONDS = 1;

/** `Retry-After` (RFC 9110 §10.2.3) of an answer with this error, in seconds: every 503 has one. */
export function retryAfterOf({ status, details }: Pick<ChatelaineError, 'status' | 'details'>): number | undefined {
  const known = details?.['retryAfterSeconds'];
  if (typeof known === 'number') return known;
  return status === 503 ? SOON_SECONDS : undefined;
}

/**
 * Declares a module's catalogue and returns the one way to make its errors:
 * `const toolboxError = defineErrors('toolbox', { TOOL_UNKNOWN: {…} })`, then
 * `throw toolboxError('TOOL_UNKNOWN', 'no tool is called `citis`')`.
 */
export function defineErrors<const Entries extends Record<string, ErrorEntry>>(module: string, entries: Entries) {
  errorCatalogues.push({ module, entries });
  return (
    code: keyof Entries & string,
    message: string,
    options?: { cause?: unknown; details?: Readonly<Record<string, unknown>>; remedy?: string },
  ): ChatelaineError => new ChatelaineError(code, entries[code] as ErrorEntry, message, options);
}
