import { readFileSync } from 'node:fs';
import { sha256Hex } from '#kernel';

export interface Asset {
  /** With a piece of its digest in it, so that it can be kept for ever. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

function asset(file: string, type: string): Asset {
  const bytes = readFileSync(new URL(`assets/${file}`, import.meta.url));
  return { path: `/console/assets/${file.replace('.', `.${sha256Hex(bytes).slice(0, 12)}.`)}`, type, bytes };
}

/** The one stylesheet, the one script, and the mark. Read when the pages are opened. */
export const readAssets = () => ({
  style: asset('style.css', 'text/css; charset=utf-8'),
  passkeys: asset('passkeys.mjs', 'text/javascript; charset=utf-8'),
  mark: asset('mark.svg', 'image/svg+xml'),
});

export type Assets = ReturnType<typeof readAssets>;
