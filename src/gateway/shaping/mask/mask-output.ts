/**
 * Covers what answers are made of: rows, values, content with everything embedded in it, what resources and prompts
 * hold. Pictures and sounds are passed as they are, and so are bytes that are no text: nobody here sees into them.
 */
import type { ContentBlock, PromptMessage, ResourceContents } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import type { Row, ToolOutput } from '#toolbox';
import { maskValue } from './mask-value.ts';
import type { MaskRules, Tally } from './rules.ts';

export class Masking {
  readonly #rules: MaskRules;
  /** What was covered so far, by mask. */
  readonly tally: Tally = new Map();

  constructor(rules: MaskRules) {
    this.#rules = rules;
  }

  /** Throws `OUTPUT_BLOCKED`, as all of these do. The same output where nothing is covered. */
  output(output: ToolOutput): ToolOutput {
    switch (output.kind) {
      case 'rows': {
        const rows = this.json(output.rows as unknown as JsonValue) as unknown as readonly Row[];
        return rows === output.rows ? output : { ...output, rows };
      }
      case 'value': {
        const value = this.json(output.value);
        return value === output.value ? output : { ...output, value };
      }
      case 'content': {
        const content = eachOf(output.content, (block) => this.block(block));
        const parts = this.#membersBeside(output, ['kind', 'content', 'isError']);
        return content === output.content && parts === output ? output : { ...parts, content };
      }
    }
  }

  messages(messages: readonly PromptMessage[]): readonly PromptMessage[] {
    return eachOf(messages, (message) => {
      const content = this.block(message.content);
      return content === message.content ? message : { ...message, content };
    });
  }

  contents(contents: readonly ResourceContents[]): readonly ResourceContents[] {
    return eachOf(contents, (one) => this.#resource(one));
  }

  block(block: ContentBlock): ContentBlock {
    switch (block.type) {
      case 'resource': {
        const resource = this.#resource(block.resource);
        const parts = this.#membersBeside(block, ['type', 'resource']);
        return resource === block.resource && parts === block ? block : { ...parts, resource };
      }
      case 'image':
      case 'audio':
        return this.#membersBeside(block, ['type', 'data', 'mimeType']);
      default:
        // Of a kind that nobody knows yet, anything may be text.
        return this.#membersBeside(block, ['type', 'mimeType', 'annotations']);
    }
  }

  /** Any JSON: its fields by path, its texts by what stands in them. */
  json(value: JsonValue): JsonValue {
    return maskValue(value, this.#rules, this.tally);
  }

  text(text: string): string {
    return this.json(text) as string;
  }

  #resource(resource: ResourceContents): ResourceContents {
    const parts = this.#members(resource, ['text', '_meta'] as never[]);
    if (!('blob' in resource)) return parts;
    const bytes = Buffer.from(resource.blob, 'base64');
    const text = textOf(bytes);
    if (text === undefined) return parts;
    const masked = this.text(text);
    return masked === text ? parts : { ...(parts as typeof resource), blob: Buffer.from(masked).toString('base64') };
  }

  /** Everything but these, since servers of others say more than we have names for. */
  #membersBeside<Whole extends object>(whole: Whole, kept: readonly string[]): Whole {
    const names = Object.keys(whole).filter((name) => !kept.includes(name));
    return this.#members(whole, names as (keyof Whole & string)[]);
  }

  /** Each of the members as JSON of its own. */
  #members<Whole extends object>(whole: Whole, names: readonly (keyof Whole & string)[]): Whole {
    let next: Record<string, JsonValue> | undefined;
    for (const name of names) {
      const value = (whole as unknown as JsonObject)[name];
      if (value === undefined) continue;
      const masked = this.json(value);
      if (masked !== value) (next ??= {})[name] = masked;
    }
    return next === undefined ? whole : { ...whole, ...next };
  }
}

function eachOf<Item>(items: readonly Item[], of: (item: Item) => Item): readonly Item[] {
  const next = items.map(of);
  return next.every((item, index) => item === items[index]) ? items : next;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Buffer): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
