import { encode } from 'uqr';
import { reveal, type Secret } from '#kernel';

const QUIET_ZONE = 4;

/**
 * A text as the path of an SVG, one rectangle a run of dark modules, and the side of its view box. The
 * quiet zone of four modules is in it (ISO/IEC 18004 §6.3.8). What is drawn is a secret: the page that
 * shows it is never stored (`Cache-Control: no-store`).
 */
export function qrPath(text: Secret): { readonly path: string; readonly side: number } {
  const { data, size } = encode(reveal(text), { ecc: 'M', border: 0 });
  let path = '';
  for (let y = 0; y < size; y++) {
    const row = data[y] as boolean[];
    for (let x = 0; x < size; x++) {
      if (row[x] !== true) continue;
      const start = x;
      while (row[x + 1] === true) x++;
      path += `M${start + QUIET_ZONE} ${y + QUIET_ZONE}h${x - start + 1}v1h-${x - start + 1}z`;
    }
  }
  return { path, side: size + 2 * QUIET_ZONE };
}
