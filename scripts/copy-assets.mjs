// Copies what TypeScript does not: files that the sources read at run time.
//
//   node scripts/copy-assets.mjs          after `tsc`, as part of `npm run build`
import { cpSync } from 'node:fs';

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !/\/test(\/|$)/.test(path) && (!/\.[a-z]+$/.test(path) || /\.(yaml|mjs|css|svg)$/.test(path)),
});
