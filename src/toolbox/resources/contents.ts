import { extname } from 'node:path';
import type { ResourceContents } from '#contract';
import type { JsonObject } from '#kernel';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mp3': 'audio/mpeg',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.py': 'text/x-python',
  '.sql': 'application/sql',
  '.svg': 'image/svg+xml',
  '.toml': 'application/toml',
  '.ts': 'text/x-typescript',
  '.tsv': 'text/tab-separated-values',
  '.txt': 'text/plain',
  '.wav': 'audio/wav',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
};

/** The media type that a file's name suggests. */
export const typeOfName = (path: string): string | undefined => TYPES[extname(path).toLowerCase()];

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as MCP carries them: text where they are text, base64 where they are not. */
export function contentsOf(
  bytes: Buffer,
  facts: { readonly uri: string; readonly mimeType: string | undefined; readonly _meta: JsonObject | undefined },
): ResourceContents {
  const base = { uri: facts.uri, ...(facts._meta !== undefined && { _meta: facts._meta }) };
  const text = /^(?:image(?!\/svg)|audio|video)\//.test(facts.mimeType ?? '') ? undefined : textOf(bytes);
  if (text !== undefined) return { ...base, mimeType: facts.mimeType ?? 'text/plain', text };
  return { ...base, mimeType: facts.mimeType ?? 'application/octet-stream', blob: bytes.toString('base64') };
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
