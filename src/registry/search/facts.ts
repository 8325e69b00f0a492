/** What of a tool is searched, and what each part of it is worth. Pure. */
import { isRecord, type JsonObject } from '#kernel';
import { stemOf, wordsOf } from './words.ts';

/** A tool as the search looks at it; `CalledTool` satisfies it. */
export interface SearchedTool {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly tags?: readonly string[] | undefined;
  /** The connection that it is called on. */
  readonly source?: string | undefined;
  /** Who answers for it, where anybody is named. */
  readonly owner?: string | undefined;
}

/** More parameters than a person reads. */
const MOST_PARAMETERS = 100;
/** Of one tool. One that says more does not take the place of others, in memory or in answers. */
const MOST_WORDS = 2000;

interface Field {
  /** What one word in it is worth. */
  readonly weight: number;
  /** How many words are usual: in more, each is worth less. */
  readonly usual: number;
}

const NAME: Field = { weight: 4, usual: 3 };
const TITLE: Field = { weight: 3, usual: 4 };
const TAGS: Field = { weight: 2.5, usual: 3 };
const DESCRIPTION: Field = { weight: 1.5, usual: 20 };
const ORIGIN: Field = { weight: 1, usual: 3 };
const PARAMETERS: Field = { weight: 1, usual: 6 };
const PARAMETER_TEXTS: Field = { weight: 0.5, usual: 30 };

/** How much the length of a field counts: `b` of BM25. */
const LENGTH = 0.5;

/**
 * The terms of a tool, each with what it is worth: a weighted frequency over the fields (BM25F). Lengths are
 * measured against what is usual and not against the other tools, so that a tool is worth the same whoever looks.
 */
export function termsOf(tool: SearchedTool): ReadonlyMap<string, number> {
  const terms = new Map<string, number>();
  let room = MOST_WORDS;
  const add = ({ weight, usual }: Field, words: readonly string[]): void => {
    const taken = words.slice(0, room);
    room -= taken.length;
    const worth = weight / (1 - LENGTH + (LENGTH * Math.max(words.length, 1)) / usual);
    for (const word of taken) {
      const stem = stemOf(word);
      terms.set(stem, (terms.get(stem) ?? 0) + worth);
    }
  };
  const parameters = parametersOf(tool.inputSchema);
  const name = wordsOf(tool.name);
  add(NAME, name);
  // Who writes `listtables` means `list_tables`.
  if (name.length > 1) add({ ...NAME, usual: 1 }, [name.join('')]);
  add(TITLE, wordsOf(tool.title ?? ''));
  add(TAGS, (tool.tags ?? []).flatMap(wordsOf));
  add(DESCRIPTION, wordsOf(tool.description));
  add(ORIGIN, wordsOf(`${tool.source ?? ''} ${tool.owner ?? ''}`));
  add(
    PARAMETERS,
    parameters.flatMap(([parameter]) => wordsOf(parameter)),
  );
  add(
    PARAMETER_TEXTS,
    parameters.flatMap(([, text]) => wordsOf(text)),
  );
  return terms;
}

function parametersOf({ properties }: JsonObject): readonly (readonly [name: string, text: string])[] {
  if (!isRecord(properties)) return [];
  return Object.entries(properties)
    .slice(0, MOST_PARAMETERS)
    .map(([name, schema]) => {
      const text = isRecord(schema) ? schema['description'] : undefined;
      return [name, typeof text === 'string' ? text : ''];
    });
}
