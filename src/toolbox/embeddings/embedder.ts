/** Turns texts into vectors: what an `embeddingModel` is to a parameter with `embeddedBy`. */
export interface Embedder {
  /**
   * The vectors of the texts, in order, one for each. Rejects with `EMBEDDING_FAILED` saying what the
   * model answered, or with the signal's reason.
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}
