import type { KyselyPlugin } from 'kysely';
import type { Database } from '#db';

/**
 * The wire to a database that is not in the process: while it is held, rows that were read stay on
 * their way. What SQLite does within a turn of the event loop, a server takes milliseconds for.
 */
export class SlowWire {
  #held = Promise.withResolvers<void>();
  #open = Promise.withResolvers<void>();

  constructor() {
    this.#open.resolve();
  }

  before(database: Database): Database {
    const delay: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        this.#held.resolve();
        await this.#open.promise;
        return result;
      },
    };
    return { ...database, db: database.db.withPlugin(delay) };
  }

  hold(): void {
    this.#held = Promise.withResolvers();
    this.#open = Promise.withResolvers();
  }

  somethingHeld(): Promise<void> {
    return this.#held.promise;
  }

  letGo(): void {
    this.#open.resolve();
  }
}
