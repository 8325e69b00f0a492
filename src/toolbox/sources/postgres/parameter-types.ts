import type { Submittable, WireConnection } from './wire.ts';

/** Asks the server for the types of a statement's parameters, preparing it where it is not yet. */
export class ParameterTypesExchange implements Submittable {
  readonly done: Promise<readonly number[]>;
  readonly #statement: { readonly name: string; readonly text: string; readonly parse: boolean };
  readonly #settle = Promise.withResolvers<readonly number[]>();
  #types: readonly number[] = [];
  #detach: () => void = () => undefined;

  constructor(statement: { readonly name: string; readonly text: string; readonly parse: boolean }) {
    this.#statement = statement;
    this.done = this.#settle.promise;
  }

  submit(connection: WireConnection): void {
    const { name, text, parse } = this.#statement;
    const listen = (message: { readonly dataTypeIDs: readonly number[] }): void => {
      this.#types = message.dataTypeIDs;
    };
    connection.on('parameterDescription', listen);
    this.#detach = () => connection.off('parameterDescription', listen);
    connection.stream.cork();
    if (parse) connection.parse({ name, text });
    connection.describe({ type: 'S', name });
    connection.sync();
    connection.stream.uncork();
  }

  handleReadyForQuery(): void {
    this.#detach();
    this.#settle.resolve(this.#types);
  }

  handleError(error: Error): void {
    this.#detach();
    this.#settle.reject(error);
  }

  // Describe answers with the columns as well; they are read when the statement runs.
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
