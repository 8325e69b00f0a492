/** Whose key encrypts: a namespace's, or that of one data subject, which an erasure destroys. */
export interface Scope {
  readonly kind: 'namespace' | 'subject';
  readonly id: string;
}

/** Where a sealed text lies. It opens nowhere else. */
export interface Place {
  readonly table: string;
  readonly column: string;
  /** The row's identifier, which must never change and never be used twice. */
  readonly row: string;
  /** `namespace/name` of whom the row belongs to. */
  readonly owner: string;
}

/**
 * The associated data of a sealed text. Storage is not trusted: whoever can write in the database must
 * not be able to move a ciphertext to a row, column, owner or key where somebody else would use it
 * (ASVS 11.3.3). JSON of a list of strings has one reading, whatever stands in them.
 */
export const associatedData = (keyId: string, scope: Scope, place: Place): Buffer =>
  Buffer.from(
    JSON.stringify([
      'chatelaine sealed',
      1,
      keyId,
      scope.kind,
      scope.id,
      place.table,
      place.column,
      place.row,
      place.owner,
    ]),
  );

/** What a wrapped data key is bound to, so that no key can be passed off as another's. */
export const wrappingContext = (keyId: string, scope: Scope): string => JSON.stringify([keyId, scope.kind, scope.id]);

/** The place as a message can name it. */
export const placeName = ({ table, column, row }: Place): string => `\`${table}.${column}\` of the row \`${row}\``;
