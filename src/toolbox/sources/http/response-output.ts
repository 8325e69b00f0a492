/** The answer of an API as the output of a tool: a JSON value, text, or bytes as MCP content. */
import type { ContentBlock } from '#contract';
import { formatSize } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { EgressResponse } from '#egress';
import type { ToolOutput } from '../../tools/tool-type.ts';
import { parseExactJson } from './exact-json.ts';
import type { HttpRequest } from './http-source.ts';

interface Shaping {
  readonly sent: HttpRequest;
  readonly maxBytes: number;
  readonly returnFullError: boolean;
}

/** How much of a failure's body an error may carry. */
const ERROR_BODY_BYTES = 4096;

/**
 * Shapes an answer. Throws `TOOL_FAILED` for a status outside of 2xx (with the body only when the
 * source says `returnFullError`) and for JSON or bytes that were longer than `maxBytes`: half of them
 * is not a smaller answer but a wrong one.
 */
export function outputOf(response: EgressResponse, shaping: Shaping): ToolOutput {
  const { sent, maxBytes } = shaping;
  const asked = `\`${sent.method} ${sent.url.pathname}\``;
  if (response.status < 200 || response.status > 299) throw failure(response, asked, shaping.returnFullError);
  const { type, charset } = mediaType(response.headers['content-type']);
  const text = decode(response.body, type, charset, response.truncated);
  if (text === undefined) {
    if (response.truncated) throw tooLong(asked, 'bytes', maxBytes);
    return { kind: 'content', content: [bytes(response, type ?? 'application/octet-stream')] };
  }
  if (response.truncated) {
    if (isJson(type) || /^\s*[{[]/.test(text)) throw tooLong(asked, 'JSON', maxBytes);
    const notice = `The answer was cut after ${formatSize(maxBytes)} (maxBytes); there is more.`;
    return {
      kind: 'content',
      content: [
        { type: 'text', text },
        { type: 'text', text: notice },
      ],
      _meta: { 'dev.chatelaine/truncated': { by: 'maxBytes', limit: maxBytes } },
    };
  }
  // Toolbox takes for JSON whatever parses as JSON, whatever it is labelled as.
  const value = isJson(type) || /^\s*[{[]/.test(text) ? parseExactJson(text) : undefined;
  return { kind: 'value', value: value ?? text };
}

function failure({ status, body }: EgressResponse, asked: string, full: boolean): Error {
  const text = full ? body.subarray(0, ERROR_BODY_BYTES).toString('utf8') : '';
  const more = body.length > ERROR_BODY_BYTES && full ? ' …' : '';
  return toolboxError(
    'TOOL_FAILED',
    `${asked} was answered with status ${status}${text === '' ? '' : `: ${text}${more}`}`,
    {
      details: { status },
    },
  );
}

function tooLong(asked: string, what: string, maxBytes: number): Error {
  return toolboxError(
    'TOOL_FAILED',
    `${asked} was answered with more ${what} than the ${formatSize(maxBytes)} of \`maxBytes\``,
    {
      remedy: "Ask for less, or raise the tool's `maxBytes`.",
    },
  );
}

function mediaType(header: string | undefined): { type: string | undefined; charset: string | undefined } {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))?.slice('charset='.length);
  return { type: type === '' ? undefined : type.toLowerCase(), charset: charset?.replace(/^"|"$/g, '') };
}

const isJson = (type: string | undefined): boolean => type === 'application/json' || type?.endsWith('+json') === true;

const isText = (type: string): boolean =>
  isJson(type) ||
  type.startsWith('text/') ||
  /^application\/(.*\+xml|xml|javascript|x-ndjson|yaml|x-yaml|toml|sql|graphql|x-www-form-urlencoded)$/.test(type);

/** The body as text, or undefined when it is none. Without a type, UTF-8 without NUL is text. */
function decode(body: Buffer, type: string | undefined, charset: string | undefined, cut: boolean): string | undefined {
  if (type !== undefined && !isText(type)) return undefined;
  // JSON between systems is UTF-8, whatever a charset says (RFC 8259 §8.1).
  const label = isJson(type) ? 'utf-8' : (charset ?? 'utf-8');
  try {
    const decoder = new TextDecoder(label, { fatal: type === undefined });
    // `stream` holds back a character that the cut divided, instead of replacing it.
    const text = decoder.decode(body, { stream: cut });
    return type === undefined && text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function bytes({ body, url }: EgressResponse, mimeType: string): ContentBlock {
  const data = body.toString('base64');
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType };
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType };
  // No query: a key may stand in it.
  return { type: 'resource', resource: { uri: `${url.origin}${url.pathname}`, mimeType, blob: data } };
}
