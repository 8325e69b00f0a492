import { isRecord, sha256, type JsonObject, type JsonValue } from '#kernel';

const known = new WeakMap<JsonObject, string>();

/** The same for definitions that say the same, in whatever order their members stand. */
export function digestOf(definition: JsonObject): string {
  let digest = known.get(definition);
  if (digest === undefined) {
    digest = sha256(JSON.stringify(sorted(definition))).toString('base64url');
    known.set(definition, digest);
  }
  return digest;
}

/** An object as a list of its members: in an object, keys that are numbers would go first. */
function sorted(value: JsonValue | undefined): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return {
    members: Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  };
}
