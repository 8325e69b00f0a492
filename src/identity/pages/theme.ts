import { readFileSync, statSync } from 'node:fs';
import { contrastOf, LEAST_CONTRAST, type ThemeSettings } from '#contract';
import { pageError } from './errors.ts';

/** What of a theme stands in the markup. */
export interface Theme {
  readonly name: string;
  readonly supportUrl: string | undefined;
}

export const themeOf = (settings: ThemeSettings | undefined): Theme => ({
  name: settings?.name ?? 'Chatelaine',
  supportUrl: settings?.supportUrl,
});

const LARGEST_LOGO = 64 * 1024;
/** As `style.css` has them in the dark: what is behind a link, and the text on a button. */
const DARK_CARD = '#1e2324';
const DARK_ON_ACCENT = '#10201f';

/** Rules after those of the stylesheet. They are part of it: no page has a style of its own, so none is let run. */
export function accentRules(accent: string): string {
  const dark = lighterAccent(accent);
  return `:root{--accent:${accent};--on-accent:#fff;--good:${accent}}
@media (prefers-color-scheme:dark){:root{--accent:${dark};--on-accent:${DARK_ON_ACCENT};--good:${dark}}}
`;
}

/** The colour with as much white in it as it takes to be read on dark pages, and to carry dark text. */
export function lighterAccent(accent: string): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(accent.slice(at, at + 2), 16));
  for (let white = 0; ; white += 0.05) {
    const mixed = channels.map((channel) => Math.round(channel + (255 - channel) * Math.min(white, 1)));
    const colour = `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
    if ([DARK_CARD, DARK_ON_ACCENT].every((behind) => contrastOf(colour, behind) >= LEAST_CONTRAST)) return colour;
  }
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The bytes of a logo and what they are, by themselves and not by their name. An SVG may hold a script: it is
 * shown as an image, where none runs, and served under a policy that lets none run either. Throws
 * `THEME_LOGO_UNUSABLE`.
 */
export function readLogo(file: string): { readonly extension: 'svg' | 'png'; readonly bytes: Buffer } {
  const unusable = (why: string, cause?: unknown): Error =>
    pageError('THEME_LOGO_UNUSABLE', `the logo \`${file}\` ${why}`, { cause });
  let bytes: Buffer;
  try {
    if (statSync(file).size > LARGEST_LOGO) throw unusable(`is larger than ${LARGEST_LOGO} bytes`);
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'THEME_LOGO_UNUSABLE') throw error;
    throw unusable('cannot be read', error);
  }
  if (bytes.subarray(0, PNG.length).equals(PNG)) return { extension: 'png', bytes };
  if (/^\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<svg[\s>]/.test(bytes.toString('utf8')))
    return { extension: 'svg', bytes };
  throw unusable('is neither an SVG nor a PNG');
}
