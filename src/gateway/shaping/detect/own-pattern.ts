import { compileSearch } from '#toolbox';
import type { Detector, Found } from './found.ts';

/** A pattern of the configuration, which was read when the configuration was. */
export function ownPattern(written: string, ignoreCase: boolean): Detector {
  const search = compileSearch(written, ignoreCase);
  return {
    inNumbers: true,
    find(text) {
      const places = search.find(text);
      if (places === undefined) return undefined;
      const found: Found[] = [];
      for (let at = 0; at < places.length; at += 2)
        found.push({ start: places[at] as number, end: places[at + 1] as number });
      return found;
    },
  };
}
