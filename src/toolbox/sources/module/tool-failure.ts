/**
 * Thrown by a handler to tell the caller what went wrong. Only this message reaches the caller: any
 * other exception may quote a connection string or a key, so it goes to the log and the caller
 * learns no more than that the tool failed.
 */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  /** Recognised across copies of this package, where `instanceof` is not. */
  readonly isToolFailure = true;
}
