import type { PlaceField } from '../facts/circumstances.ts';
import { UNREPRESENTABLE, type Told } from '../facts/values.ts';
import type { OpenPlaces, PlacesOptions } from './places.ts';

/** Where addresses are. */
export interface Places {
  /** What has to be waited for before these can be told; undefined where nothing has. Never rejects. */
  loading(fields: readonly PlaceField[]): Promise<void> | undefined;
  /** ISO 3166-1 alpha-2. */
  countryOf(address: string | undefined): Told<string>;
  asnOf(address: string | undefined): Told<number>;
  close(): void;
}

/** Places of which nothing is loaded before the first decision that looks at one: most policies look at none. */
export function latePlaces(options: PlacesOptions): Places {
  let open: OpenPlaces | undefined;
  let closed = false;
  let opening: Promise<void> | undefined;
  const load = async (): Promise<void> => {
    const { OpenPlaces: Opened } = await import('./places.ts');
    if (!closed) open = new Opened(options);
  };
  const untold = (address: string | undefined) => (address === undefined ? undefined : UNREPRESENTABLE);
  return {
    loading(fields) {
      if (fields.length === 0) return undefined;
      if (open !== undefined) return open.loading(fields);
      return (opening ??= load()).then(() => open?.loading(fields));
    },
    countryOf: (address) => (open === undefined ? untold(address) : open.countryOf(address)),
    asnOf: (address) => (open === undefined ? untold(address) : open.asnOf(address)),
    close() {
      closed = true;
      open?.close();
    },
  };
}
