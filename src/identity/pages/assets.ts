import { readFileSync } from 'node:fs';
import type { ThemeSettings } from '#contract';
import { sha256Hex } from '#kernel';
import { accentRules, readLogo, themeOf, type Theme } from './theme.ts';

export interface Asset {
  /** With a piece of its digest in it, so that it can be kept for ever. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** What all pages have in common. */
export interface Assets {
  readonly style: Asset;
  readonly passkeys: Asset;
  /** The logo. */
  readonly mark: Asset;
  readonly theme: Theme;
}

const TYPES = {
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
} as const;

function asset(name: string, extension: keyof typeof TYPES, bytes: Buffer): Asset {
  const path = `/console/assets/${name}.${sha256Hex(bytes).slice(0, 12)}.${extension}`;
  return { path, type: TYPES[extension], bytes };
}

const own = (file: string): Buffer => readFileSync(new URL(`assets/${file}`, import.meta.url));

/**
 * The one stylesheet, the one script, and the mark, in the colours and under the name of the theme. Read when the
 * pages are opened. Throws `THEME_LOGO_UNUSABLE`.
 */
export function readAssets(settings?: ThemeSettings): Assets {
  const style = own('style.css');
  const accent = settings?.accentColor;
  const logo = settings?.logo === undefined ? undefined : readLogo(settings.logo);
  return {
    style: asset(
      'style',
      'css',
      accent === undefined ? style : Buffer.concat([style, Buffer.from(accentRules(accent))]),
    ),
    passkeys: asset('passkeys', 'mjs', own('passkeys.mjs')),
    mark: logo === undefined ? asset('mark', 'svg', own('mark.svg')) : asset('logo', logo.extension, logo.bytes),
    theme: themeOf(settings),
  };
}

/** What is served of it. */
export const filesOf = ({ style, passkeys, mark }: Assets): readonly Asset[] => [style, passkeys, mark];
