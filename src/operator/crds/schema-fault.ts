/** Something in a schema that no API server could enforce. Whoever wrote the schema reads it; it is never served. */
export class SchemaFault extends Error {
  override readonly name = 'SchemaFault';
  constructor(path: string, what: string) {
    super(`${path}: ${what}`);
  }
}
