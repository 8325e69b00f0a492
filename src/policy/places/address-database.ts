/** A file that says something of addresses: MaxMind DB, version 2, whoever made it. */
import { isRecord, plainAddress } from '#kernel';

export interface AddressDatabase {
  /** When it was made, in milliseconds. */
  readonly builtAt: number;
  /** What it says of an address; undefined for what is none, and of which it says nothing. Throws for a broken file. */
  factsOf(address: string): Readonly<Record<string, unknown>> | undefined;
}

/** Reads the bytes of one; throws for what is none. */
export async function readAddressDatabase(bytes: Buffer): Promise<AddressDatabase> {
  const { Reader } = await import('mmdb-lib');
  const reader = new Reader<never>(bytes);
  const { ipVersion, buildEpoch } = reader.metadata;
  const factsOf = (address: string): Readonly<Record<string, unknown>> | undefined => {
    const plain = plainAddress(address);
    if (plain === undefined || (ipVersion === 4 && plain.includes(':'))) return undefined;
    const found: unknown = reader.get(plain);
    return isRecord(found) ? found : undefined;
  };
  // A file that was cut off has its end, where the description stands, or a tree that leads nowhere.
  for (const address of ['0.0.0.0', '127.255.255.255', '255.255.255.255', '2001:db8::']) factsOf(address);
  return { builtAt: buildEpoch.getTime(), factsOf };
}

/** The country, ISO 3166-1 alpha-2, under the names that makers of such files have for it. */
export function countryIn(facts: Readonly<Record<string, unknown>>): string | undefined {
  const { country_code: code, country } = facts;
  const said = code ?? (isRecord(country) ? country['iso_code'] : country);
  return typeof said === 'string' && /^[A-Za-z]{2}$/.test(said) ? said.toUpperCase() : undefined;
}

/** The number of the autonomous system (RFC 6793), likewise. */
export function asnIn(facts: Readonly<Record<string, unknown>>): number | undefined {
  const said = facts['autonomous_system_number'] ?? facts['asn'];
  const number = typeof said === 'string' ? Number(/^(?:AS)?(\d{1,10})$/i.exec(said)?.[1] ?? Number.NaN) : said;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 && number < 2 ** 32
    ? number
    : undefined;
}
