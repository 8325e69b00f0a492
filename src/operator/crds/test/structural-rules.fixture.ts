/**
 * What apiextensions.k8s.io/v1 asks of a schema before it takes a definition, written from its documentation and not
 * from the generator: "Specifying a structural schema", "Defaulting", "Validation rules", "Merge strategy".
 */
type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

const FORBIDDEN = [
  ...['$ref', 'definitions', 'dependencies', 'deprecated', 'discriminator', 'id', 'patternProperties', 'readOnly'],
  ...['writeOnly', 'xml', 'additionalItems', 'uniqueItems'],
];
const JUNCTORS = ['allOf', 'anyOf', 'oneOf', 'not'];
const OUTSIDE_JUNCTORS = ['description', 'type', 'default', 'additionalProperties', 'nullable', 'title'];
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];
const SCALARS = ['string', 'integer', 'number', 'boolean'];
const FORMATS = ['int32', 'int64', 'date-time'];
const REASONS = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];
/** Identifiers that CEL keeps for itself, as Kubernetes escapes them (`__namespace__`). */
const RESERVED =
  /\.(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return)\b/;

/** Every rule that a whole schema breaks, each with its place. */
export function structuralFaults(root: unknown): string[] {
  const faults: string[] = [];
  const fault = (path: string, what: string): number => faults.push(`${path}: ${what}`);
  if (!isNode(root) || root['type'] !== 'object') fault('', 'the root is an object');
  visit(root, '', true);
  return faults;

  function visit(node: unknown, path: string, isCorrelated: boolean): void {
    if (!isNode(node)) return void fault(path, 'this is no schema');
    if (!TYPES.includes(String(node['type']))) fault(path, `the type is \`${node['type']}\``);
    for (const word of FORBIDDEN) if (word in node) fault(path, `\`${word}\` is forbidden`);
    for (const word of JUNCTORS.filter((one) => one in node)) visitJunctor(node[word], `${path}/${word}`);
    if ('properties' in node && 'additionalProperties' in node)
      fault(path, '`properties` and `additionalProperties` exclude each other');
    if (node['additionalProperties'] === false) fault(path, 'what is not named is pruned, never forbidden');
    bounds(node, path);
    lists(node, path);
    rules(node, path, isCorrelated);
    if ('default' in node) {
      if (path === '') fault(path, 'the root has no default');
      for (const one of valueFaults(node['default'], node)) fault(path, `the default: ${one}`);
    }
    const properties = (node['properties'] ?? {}) as Node;
    for (const name of (node['required'] ?? []) as string[])
      if (!(name in properties)) fault(path, `\`${name}\` is required and not there`);
    for (const [name, field] of Object.entries(properties)) {
      if (path === '' && name === 'metadata') {
        const { properties: inner = {} } = field as { readonly properties?: Node };
        if (Object.keys(inner).some((one) => one !== 'name' && one !== 'generateName'))
          fault(path, 'of metadata only name and generateName may be said something');
      }
      visit(field, `${path}.${name}`, isCorrelated);
    }
    if ('items' in node) visit(node['items'], `${path}[]`, isCorrelated && node['x-kubernetes-list-type'] === 'map');
    if (isNode(node['additionalProperties'])) visit(node['additionalProperties'], `${path}.*`, isCorrelated);
  }

  function visitJunctor(value: unknown, path: string): void {
    for (const node of Array.isArray(value) ? value : [value]) {
      for (const word of Object.keys(node as Node))
        if (OUTSIDE_JUNCTORS.includes(word) || word.startsWith('x-kubernetes-'))
          fault(path, `\`${word}\` stands in a junctor`);
    }
  }

  /** CEL is charged by how large a value may be; without bounds a definition is refused as too expensive. */
  function bounds(node: Node, path: string): void {
    if ('format' in node && !FORMATS.includes(String(node['format'])))
      fault(path, `the format is \`${node['format']}\``);
    const isSmall = 'enum' in node || path === '.apiVersion' || path === '.kind';
    if (node['type'] === 'string' && !isSmall && !('maxLength' in node)) fault(path, 'the text has no maxLength');
    if (node['type'] === 'array' && !('maxItems' in node)) fault(path, 'the list has no maxItems');
    if ('additionalProperties' in node && !('maxProperties' in node)) fault(path, 'the mapping has no maxProperties');
    for (const [least, most] of [
      ['minimum', 'maximum'],
      ['minLength', 'maxLength'],
      ['minItems', 'maxItems'],
    ] as const)
      if (Number(node[least]) > Number(node[most])) fault(path, `${least} is more than ${most}`);
    const values = node['enum'] as unknown[] | undefined;
    if (values !== undefined && new Set(values).size < values.length) fault(path, 'a value of the enum is there twice');
    if (node['type'] === 'array' && !isNode(node['items'])) fault(path, 'a list says what is in it');
  }

  function lists(node: Node, path: string): void {
    const type = node['x-kubernetes-list-type'];
    const keys = node['x-kubernetes-list-map-keys'] as string[] | undefined;
    if (type === undefined) return void (keys !== undefined && fault(path, 'map keys without a map'));
    if (node['type'] !== 'array') fault(path, 'a list type is for lists');
    const items = (node['items'] ?? {}) as Node;
    if (type === 'set' && !SCALARS.includes(String(items['type']))) fault(path, 'entries of a set are scalars');
    if ((type === 'map') !== (keys !== undefined)) fault(path, 'a map, and a map alone, has keys');
    if (type !== 'map') return;
    if (items['type'] !== 'object') fault(path, 'entries of a map are objects');
    for (const key of keys ?? []) {
      const field = ((items['properties'] ?? {}) as Node)[key] as Node | undefined;
      if (field === undefined || !SCALARS.includes(String(field['type'])))
        fault(path, `the key \`${key}\` is no scalar`);
      else if (!((items['required'] ?? []) as string[]).includes(key) && !('default' in field))
        fault(path, `the key \`${key}\` may be left out`);
    }
  }

  function rules(node: Node, path: string, isCorrelated: boolean): void {
    for (const one of (node['x-kubernetes-validations'] ?? []) as Record<string, string>[]) {
      const { rule = '', message = '', fieldPath, reason, messageExpression } = one;
      if (rule.trim() === '') fault(path, 'a rule is empty');
      if (message.trim() === '' || message.includes('\n') || message.length > 2048)
        fault(path, `the message of ${rule}`);
      if (messageExpression !== undefined && messageExpression.length > 5120) fault(path, `the expression of ${rule}`);
      if (reason !== undefined && !REASONS.includes(reason)) fault(path, `the reason of ${rule}`);
      if (RESERVED.test(rule)) fault(path, `${rule}: a reserved identifier is not escaped`);
      if (rule.includes('oldSelf') && !isCorrelated) fault(path, `${rule}: entries of this list are not paired`);
      if (fieldPath !== undefined && leadsTo(node, fieldPath) === undefined) fault(path, `${fieldPath} leads nowhere`);
    }
  }
}

/** What a path such as `.spec.replicas` leads to. */
export function leadsTo(node: unknown, path: string): unknown {
  return path
    .split('.')
    .filter((step) => step !== '')
    .reduce<unknown>((at, step) => (isNode(at) ? ((at['properties'] ?? {}) as Node)[step] : undefined), node);
}

/** What of a value the schema refuses by itself, without CEL. */
export function valueFaults(value: unknown, node: Node, path = ''): string[] {
  const fault = (what: string): string[] => [`${path} ${what}`];
  const type = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (type !== node['type']) return fault(`is a ${type}`);
  if (node['enum'] !== undefined && !(node['enum'] as unknown[]).includes(value)) return fault('is not in the enum');
  const amount =
    typeof value === 'string' ? Array.from(value).length : Array.isArray(value) ? value.length : Number(value);
  const [least, most] = { string: ['minLength', 'maxLength'], array: ['minItems', 'maxItems'] }[type as 'string'] ?? [
    'minimum',
    'maximum',
  ];
  if (amount < Number(node[least as string] ?? -Infinity)) return fault('is too little');
  if (amount > Number(node[most as string] ?? Infinity)) return fault('is too much');
  const patterns = [node, ...((node['allOf'] ?? []) as Node[])].flatMap(
    (one) => (one['pattern'] as string | undefined) ?? [],
  );
  if (patterns.some((pattern) => !new RegExp(pattern, 'u').test(String(value)))) return fault('matches not');
  if (Array.isArray(value)) {
    const inner = value.flatMap((entry, index) => valueFaults(entry, node['items'] as Node, `${path}[${index}]`));
    const keys = node['x-kubernetes-list-map-keys'] as string[] | undefined;
    const names = value.map((entry) => JSON.stringify(keys?.map((key) => (entry as Node)[key]) ?? entry));
    const isUnique = node['x-kubernetes-list-type'] !== 'atomic';
    return isUnique && new Set(names).size < names.length ? [...inner, ...fault('has an entry twice')] : inner;
  }
  if (!isNode(value) || node['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const properties = (node['properties'] ?? {}) as Record<string, Node>;
  const missing = ((node['required'] ?? []) as string[]).filter((name) => !(name in value));
  return [
    ...missing.flatMap((name) => fault(`has no ${name}`)),
    ...Object.entries(value).flatMap(([name, field]) => {
      const known = properties[name] ?? (node['additionalProperties'] as Node | undefined);
      return known === undefined ? [] : valueFaults(field, known, `${path}.${name}`);
    }),
  ];
}

/** The value as the API server keeps it: with every default of a field that is not there. */
export function defaulted(value: unknown, node: Node): unknown {
  if (Array.isArray(value)) return value.map((entry) => defaulted(entry, node['items'] as Node));
  if (!isNode(value)) return value;
  const properties = Object.entries((node['properties'] ?? {}) as Record<string, Node>);
  const missing = properties.filter(([name, field]) => 'default' in field && !(name in value));
  const whole = { ...value, ...Object.fromEntries(missing.map(([name, field]) => [name, field['default']])) };
  return Object.fromEntries(
    Object.entries(whole).map(([name, field]) => {
      const known = properties.find(([one]) => one === name)?.[1];
      return [name, known === undefined ? field : defaulted(field, known)];
    }),
  );
}
