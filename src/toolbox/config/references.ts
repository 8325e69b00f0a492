import { DEFAULT_NAMESPACE, resourceName, type FieldPath, type Kind } from '#contract';
import type { DeclaredNames } from './declared-names.ts';
import type { RawDocument } from './raw-document.ts';
import { problemAt, suggest, type Problem } from './problems.ts';

/** More are not shown. */
const MOST_PROBLEMS = 1000;

/** A field that holds the name of another document. */
interface Reference {
  readonly in: Kind;
  /** `*` stands for every item of a list. */
  readonly at: readonly string[];
  /** What it names; the first that has the name, where several kinds may. */
  readonly to: readonly [Kind, ...Kind[]];
  /** Whether names of all namespaces count, as for what is known by name alone. */
  readonly everywhere?: true;
  /** What would follow from letting it pass. */
  readonly hint?: string;
}

const FIELDS_OF_PARAMETERS = [
  'parameters',
  'templateParameters',
  'pathParams',
  'queryParams',
  'headerParams',
  'bodyParams',
];

const REFERENCES: readonly Reference[] = [
  { in: 'tool', at: ['source'], to: ['source'] },
  {
    in: 'tool',
    at: ['authRequired', '*'],
    to: ['authService'],
    hint: 'Nobody could ever call the tool: declare the service or correct the name.',
  },
  { in: 'tool', at: ['toolsets', '*'], to: ['toolset', 'group'] },
  { in: 'tool', at: ['ui', 'resource'], to: ['resource', 'resourceTemplate'] },
  ...FIELDS_OF_PARAMETERS.flatMap((field): Reference[] => [
    {
      in: 'tool',
      at: [field, '*', 'authServices', '*', 'name'],
      to: ['authService'],
      hint: 'No token could ever supply the value: declare the service or correct the name.',
    },
    { in: 'tool', at: [field, '*', 'embeddedBy'], to: ['embeddingModel'] },
  ]),
  { in: 'prompt', at: ['source'], to: ['source'] },
  { in: 'resource', at: ['source'], to: ['source'] },
  { in: 'resourceTemplate', at: ['source'], to: ['source'] },
  { in: 'toolset', at: ['tools', '*'], to: ['tool'] },
  { in: 'group', at: ['tools', '*'], to: ['tool'] },
  { in: 'group', at: ['prompts', '*'], to: ['prompt'] },
  { in: 'group', at: ['resources', '*'], to: ['resource'] },
  { in: 'group', at: ['resourceTemplates', '*'], to: ['resourceTemplate'] },
  {
    in: 'source',
    at: ['auth', 'upstream'],
    to: ['upstream'],
    everywhere: true,
    hint: 'No caller could ever have a token of it: declare the upstream or correct the name.',
  },
  {
    in: 'mcpServer',
    at: ['auth', 'upstream'],
    to: ['upstream'],
    everywhere: true,
    hint: 'No caller could ever have a token of it: declare the upstream or correct the name.',
  },
  { in: 'owner', at: ['upstreams', '*'], to: ['upstream'], everywhere: true },
  { in: 'mask', at: ['tools', '*'], to: ['tool'] },
  { in: 'mask', at: ['toolsets', '*'], to: ['toolset', 'group'] },
  { in: 'server', at: ['authorizationServer', 'upstreams', '*'], to: ['upstream'], everywhere: true },
];

/** What servers behind us bring: it is there once they have said so. */
const OF_SERVERS: ReadonlySet<Kind> = new Set(['tool', 'prompt', 'resource', 'resourceTemplate']);

const REFERENCES_OF = Map.groupBy(REFERENCES, (reference) => reference.in);

/**
 * Follows every reference to what it names. The raw documents are looked at, so that a document with
 * another mistake in it is checked all the same.
 */
export function checkReferences(
  documents: readonly { readonly kind: Kind; readonly document: RawDocument }[],
  names: DeclaredNames,
): Problem[] {
  const problems: Problem[] = [];
  for (const { kind, document } of documents) {
    for (const reference of REFERENCES_OF.get(kind) ?? []) {
      visitTexts(document.value, reference.at, [], (name, path) => {
        if (problems.length >= MOST_PROBLEMS) return;
        const problem = checkReference(document, path, name, reference, names);
        if (problem) problems.push(problem);
      });
    }
  }
  return problems;
}

function checkReference(
  document: RawDocument,
  path: FieldPath,
  name: string,
  { to, hint, everywhere }: Reference,
  names: DeclaredNames,
): Problem | undefined {
  const { namespace: own } = document.value;
  const namespace = typeof own === 'string' ? own : DEFAULT_NAMESPACE;
  if (to.some((kind) => names.find(namespace, kind, name))) return undefined;
  if (to.some((kind) => OF_SERVERS.has(kind)) && names.mayBeFederated(namespace, name)) return undefined;
  const environment = document.member(path)?.environment;
  // What is no name at all was refused where the field was read.
  if (environment?.unset === true || names.mayBeUnread(name) || !resourceName.safeParse(name).success) return undefined;
  const shown = environment?.written ?? name;
  const [kind] = to;
  const other = to.map((one) => names.elsewhere(one, name)).find((found) => found !== undefined);
  if (other !== undefined) {
    if (everywhere) return undefined;
    const message = `no ${kind} of the namespace \`${namespace}\` is called \`${shown}\`; the one of \`${other}\` cannot be used here`;
    return problemAt(document.locate(path), 'NAME_UNKNOWN', message, hint);
  }
  const candidates = to.flatMap((one) => names.names(namespace, one));
  const message = `no ${kind} is called \`${shown}\`${suggest(name, candidates, `documents of kind \`${kind}\``)}`;
  return problemAt(document.locate(path), 'NAME_UNKNOWN', message, hint);
}

/** Every text that `at` with its `*` leads to, and where it lies. `path` is how far we are, and only lent. */
function visitTexts(
  value: unknown,
  at: readonly string[],
  path: (string | number)[],
  visit: (text: string, path: FieldPath) => void,
): void {
  const step = at[path.length];
  if (step === undefined) {
    if (typeof value === 'string') visit(value, path);
  } else if (step === '*') {
    if (!Array.isArray(value)) return;
    for (let index = 0; index < value.length; index++) into(value[index], index);
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) {
    into((value as Record<string, unknown>)[step], step);
  }

  function into(inner: unknown, by: string | number): void {
    path.push(by);
    visitTexts(inner, at, path, visit);
    path.pop();
  }
}
