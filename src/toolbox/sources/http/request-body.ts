/**
 * `requestBody:` with its values, each escaped for the format around it. Without a template the body
 * is made of `bodyParams` alone: what the caller left out is left out, which no template can say.
 */
import { isRecord, parseStrictJson, type JsonValue } from '#kernel';
import type { Placeholder, Template } from '../../tools/template/index.ts';
import { ConfigurationFault, type ToolArguments } from '../../tools/tool-type.ts';
import { parseRequestTemplate, placeholdersOf } from './request-template.ts';
import { refused, valueText } from './value-text.ts';

export interface CompiledBody {
  /** To send when the configuration names no `Content-Type`. */
  readonly contentType: string;
  render(args: ToolArguments): string;
}

type Format = 'json' | 'form' | 'xml' | 'text';

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/**
 * Compiles the body of a tool; undefined when it has none. Throws `ConfigurationFault` at
 * `requestBody` for a template that is not of its format, or whose format has no known escaping.
 */
export function compileBody(
  template: string | undefined,
  parameters: readonly string[],
  declaredType: string | undefined,
): CompiledBody | undefined {
  if (template === undefined) return parameters.length === 0 ? undefined : ofParameters(parameters, declaredType);
  const parts = parseRequestTemplate('requestBody', template, parameters);
  const format = declaredType === undefined ? guessFormat(template) : formatOf(declaredType);
  if (placeholdersOf(parts).length === 0) {
    return {
      contentType: declaredType ?? (format === 'json' ? 'application/json' : PLAIN_TEXT),
      render: () => template,
    };
  }
  switch (format) {
    case 'json':
      return jsonBody(parts, declaredType ?? 'application/json');
    case 'form':
      return textBody(parts, declaredType as string, (_, text) => encodeURIComponent(text));
    case 'xml':
      return textBody(parts, declaredType as string, escapeXml);
    case 'text':
      return textBody(parts, declaredType ?? PLAIN_TEXT, (_, text) => text);
    default:
      throw new ConfigurationFault(
        ['requestBody'],
        `values cannot be put into a body of type \`${declaredType}\`: how to escape them there is not known`,
        'Bodies with values are JSON, `application/x-www-form-urlencoded`, XML or `text/plain`.',
      );
  }
}

function formatOf(contentType: string): Format | undefined {
  const type = (contentType.split(';')[0] as string).trim().toLowerCase();
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml')) return 'xml';
  return type === 'text/plain' ? 'text' : undefined;
}

const guessFormat = (template: string): Format => (/^\s*(?:[{[]|\{\{\s*json\b)/.test(template) ? 'json' : 'text');

function ofParameters(parameters: readonly string[], declaredType = 'application/json'): CompiledBody {
  const given = (args: ToolArguments): [string, JsonValue][] =>
    parameters.flatMap((name): [string, JsonValue][] => {
      const value = args[name];
      return value === undefined || value === null ? [] : [[name, value]];
    });
  switch (formatOf(declaredType)) {
    case 'json':
      return { contentType: declaredType, render: (args) => JSON.stringify(Object.fromEntries(given(args))) };
    case 'form':
      return {
        contentType: declaredType,
        render: (args) => {
          const fields = new URLSearchParams();
          for (const [name, value] of given(args)) {
            for (const item of Array.isArray(value) ? value : [value]) fields.append(name, valueText(name, item) ?? '');
          }
          return fields.toString();
        },
      };
    default:
      throw new ConfigurationFault(
        ['bodyParams'],
        `a body of type \`${declaredType}\` needs a \`requestBody\` template that says where the values stand`,
      );
  }
}

function textBody(parts: Template, contentType: string, escape: (name: string, text: string) => string): CompiledBody {
  return {
    contentType,
    render: (args) =>
      parts
        .map((part) =>
          typeof part === 'string' ? part : escape(part.name, valueText(part.name, args[part.name]) ?? ''),
        )
        .join(''),
  };
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For text and attribute values. Control characters have no form in XML 1.0 at all (§2.2). */
function escapeXml(name: string, text: string): string {
  if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(text)) {
    throw refused(name, 'holds a control character, which XML cannot carry');
  }
  return text.replace(/[&<>"']/g, (character) => XML_ESCAPES[character] as string);
}

/**
 * A JSON template. Between quotes a value becomes part of the string; outside of them it becomes a
 * JSON value of its own. The result parses to the template with the values in their places, always.
 */
function jsonBody(parts: Template, contentType: string): CompiledBody {
  const slots = markStrings(parts);
  const render = (put: (slot: JsonSlot) => string): string =>
    slots.map((slot) => (typeof slot === 'string' ? slot : put(slot))).join('');
  const namesKeys = hasKeyWith(MARKER, parseSample(render(({ inString }) => (inString ? MARKER : 'null'))));

  return {
    contentType,
    render(args) {
      const body = render(({ name, inString, function: through }) => {
        const value = args[name] ?? null;
        if (!inString) return JSON.stringify(value);
        const text = through === 'json' ? JSON.stringify(value) : (valueText(name, value) ?? '');
        return JSON.stringify(text).slice(1, -1);
      });
      // A key from the caller may repeat one of the author's; most parsers would let the last one win.
      if (namesKeys && !parseStrictJson(Buffer.from(body)).ok) {
        throw refused('requestBody', 'names a key of the body that is there already');
      }
      return body;
    },
  };
}

// Stands in every string slot of a sample, to show which of them are keys of an object.
const MARKER = '\u{e000}';

function parseSample(sample: string): unknown {
  try {
    return JSON.parse(sample);
  } catch (cause) {
    throw new ConfigurationFault(
      ['requestBody'],
      `the template is not JSON once values stand in it: ${(cause as Error).message.replaceAll(MARKER, '')}`,
      'Put `{{.name}}` where a JSON value may stand, or between quotes for a piece of text.',
    );
  }
}

type JsonSlot = Placeholder & { readonly inString: boolean };

/** For each placeholder, whether it stands between the quotes of a JSON string. */
function markStrings(parts: Template): readonly (string | JsonSlot)[] {
  let inString = false;
  return parts.map((part) => {
    if (typeof part !== 'string') return { ...part, inString };
    for (let at = 0; at < part.length; at++) {
      if (inString && part[at] === '\\') at++;
      else if (part[at] === '"') inString = !inString;
    }
    return part;
  });
}

function hasKeyWith(marker: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => hasKeyWith(marker, item));
  if (!isRecord(value)) return false;
  return Object.entries(value).some(([key, member]) => key.includes(marker) || hasKeyWith(marker, member));
}
