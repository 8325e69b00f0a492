/**
 * News inside one process that something about keys or agents has changed, at once. What other
 * processes change shows in the database's change feed.
 */
export class IdentityChanges {
  readonly #listeners: (() => void)[] = [];

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Runs a change and then tells, whether it succeeded or not: a commit whose reply was lost may
   * have happened, and to forget once too often costs one statement a key.
   */
  async after<Value>(change: Promise<Value>): Promise<Value> {
    try {
      return await change;
    } finally {
      this.tell();
    }
  }

  /** Tells of a change that was made elsewhere, such as a configuration read anew. */
  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
