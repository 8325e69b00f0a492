import { z } from 'zod';
import { absoluteUrl } from './common.ts';
import { absolutePath } from './database.ts';

/** Text of the usual size against what is behind it (WCAG 2.2 §1.4.3). */
export const LEAST_CONTRAST = 4.5;

/** The contrast of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: string, other: string): number {
  const [darker, lighter] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG 2.2, "relative luminance". */
function luminanceOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const accentColor = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i, { error: 'a colour is `#` and six hexadecimal digits, such as `#1f5f5b`', abort: true })
  .refine((colour) => contrastOf(colour, '#ffffff') >= LEAST_CONTRAST, {
    error: (issue) => {
      const contrast = contrastOf(issue.input as string, '#ffffff').toFixed(2);
      return `white text on it has a contrast of ${contrast}, and people need ${LEAST_CONTRAST} (WCAG 2.2 §1.4.3); take a darker one`;
    },
  })
  .transform((colour) => colour.toLowerCase());

/** What the pages of this server look like: what people know their organisation by. */
export const themeSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, { error: 'a name for people has no control or invisible characters' })
    .default('Chatelaine')
    .describe('What stands above every page, and behind its title.'),
  logo: absolutePath
    .optional()
    .describe('The file of a logo, SVG or PNG, 64 KiB at the most. It is served from here; nothing is fetched.'),
  accentColor: accentColor
    .optional()
    .describe('The colour of buttons and links, `#rrggbb`, dark enough for white text. Dark pages get a lighter one.'),
  supportUrl: absoluteUrl('https')
    .optional()
    .describe('Where people who cannot go on find help; a link at the end of every page.'),
});

export type ThemeSettings = z.output<typeof themeSchema>;
