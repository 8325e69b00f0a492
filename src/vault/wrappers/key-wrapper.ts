/**
 * The port to whatever holds the key that wraps data keys: a file, a value handed in, HashiCorp Vault
 * or OpenBao, AWS KMS. `../test/key-wrapper.contract.ts` says what every adapter must do.
 */
export interface KeyWrapper {
  /** Which wrapping key this is, the same for as long as it opens what it wrapped. No secret. */
  readonly id: string;
  /**
   * Wraps a data key of 32 bytes. `context` says whose key it is; it is authenticated and not kept.
   * Throws `KEY_WRAPPER_UNAVAILABLE`.
   */
  wrap(dataKey: Uint8Array, context: string): Promise<Wrapping>;
  /**
   * The 32 bytes again, the caller's to overwrite. Throws `KEY_UNWRAP_FAILED` for anything but what
   * `wrap` gave for the same context, and `KEY_WRAPPER_UNAVAILABLE`.
   */
  unwrap(wrapped: string, context: string): Promise<Buffer>;
}

export interface Wrapping {
  /** Printable text without spaces. */
  readonly wrapped: string;
  /** The version of the wrapping key, where the service says one; it tells what a rewrap is for. */
  readonly version: string;
}

export const DATA_KEY_BYTES = 32;

/**
 * The part of `fetch` that the remote adapters need, so that egress rules, a proxy and certificates
 * are the business of whoever hands it in.
 */
export type HttpPost = (
  url: string,
  request: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
    /** A redirect would carry the token, or a data key, somewhere else. */
    readonly redirect: 'error';
  },
) => Promise<{ readonly status: number; text(): Promise<string> }>;
