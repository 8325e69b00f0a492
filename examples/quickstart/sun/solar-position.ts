/**
 * sun: when the sun rises and where it stands, and the small HTTP service that says so.
 *
 * `solar-position.ts` is the astronomy (NOAA's solar calculator, after Meeus, Astronomical Algorithms,
 * ch. 25 and 28), `sun-day.ts` one day, `sun-year.ts` a year, `zone-clock.ts` how times are written,
 * `sun-request.ts` the questions as they come in, `service.ts` the door. Everything but the service is pure.
 */

/** Where the sun is as seen from the centre of the Earth. */
export interface SolarCoordinates {
  /** Degrees, north positive. */
  readonly declination: number;
  /** Apparent minus mean solar time, in minutes. */
  readonly equationOfTime: number;
}

/** Where the sun is in the sky of a place. */
export interface SkyPosition {
  /** Degrees of the sun's centre above the horizon, without air: what twilights are defined by. */
  readonly elevation: number;
  /** The same lifted by the refraction of average air as NOAA models it: what an eye sees. */
  readonly apparentElevation: number;
  /** Degrees clockwise from north. */
  readonly azimuth: number;
}

const RADIANS = Math.PI / 180;
const sin = (degrees: number): number => Math.sin(degrees * RADIANS);
const cos = (degrees: number): number => Math.cos(degrees * RADIANS);
const tan = (degrees: number): number => Math.tan(degrees * RADIANS);
const arccos = (value: number): number => Math.acos(Math.min(1, Math.max(-1, value))) / RADIANS;

/** The sun at an instant (milliseconds since the epoch). Good to a minute of time between 1900 and 2100. */
export function solarCoordinates(instant: number): SolarCoordinates {
  // Julian centuries since J2000.0.
  const t = (instant / 86_400_000 + 2_440_587.5 - 2_451_545) / 36_525;
  const meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032);
  const meanAnomaly = 357.52911 + t * (35_999.05029 - t * 0.0001537);
  const eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
  const center =
    sin(meanAnomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
    sin(2 * meanAnomaly) * (0.019993 - t * 0.000101) +
    sin(3 * meanAnomaly) * 0.000289;
  const node = 125.04 - 1934.136 * t;
  const apparentLongitude = meanLongitude + center - 0.00569 - 0.00478 * sin(node);
  const meanObliquity = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60;
  const obliquity = meanObliquity + 0.00256 * cos(node);
  const y = tan(obliquity / 2) ** 2;
  const equationOfTime =
    y * sin(2 * meanLongitude) -
    2 * eccentricity * sin(meanAnomaly) +
    4 * eccentricity * y * sin(meanAnomaly) * cos(2 * meanLongitude) -
    0.5 * y ** 2 * sin(4 * meanLongitude) -
    1.25 * eccentricity ** 2 * sin(2 * meanAnomaly);
  return {
    declination: Math.asin(sin(obliquity) * sin(apparentLongitude)) / RADIANS,
    equationOfTime: (4 * equationOfTime) / RADIANS,
  };
}

/** The sun in the sky of a place (degrees, north and east positive) at an instant. */
export function skyPosition(instant: number, latitude: number, longitude: number): SkyPosition {
  const { declination, equationOfTime } = solarCoordinates(instant);
  const minutes = (instant / 60_000) % 1440;
  const hourAngle = (minutes + equationOfTime + 4 * longitude) / 4 - 180;
  const zenith = arccos(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hourAngle));
  const azimuth =
    Math.atan2(sin(hourAngle), cos(hourAngle) * sin(latitude) - tan(declination) * cos(latitude)) / RADIANS + 180;
  const elevation = 90 - zenith;
  return { elevation, apparentElevation: elevation + refraction(elevation), azimuth: (azimuth + 360) % 360 };
}

/**
 * Degrees from noon at which the sun stands at `zenith`, or how it fails to: above all day, below all day.
 */
export function hourAngleAt(zenith: number, latitude: number, declination: number): number | 'above' | 'below' {
  // At a pole the cosine is as good as zero; the sun circles at its declination.
  const cosine =
    (cos(zenith) - sin(latitude) * sin(declination)) / Math.max(cos(latitude) * cos(declination), Number.EPSILON);
  if (cosine > 1) return 'below';
  if (cosine < -1) return 'above';
  return arccos(cosine);
}

/** NOAA's refraction in degrees for a geometric elevation in degrees. */
function refraction(elevation: number): number {
  if (elevation > 85) return 0;
  const tangent = tan(elevation);
  let seconds: number;
  if (elevation > 5) seconds = 58.1 / tangent - 0.07 / tangent ** 3 + 0.000086 / tangent ** 5;
  else if (elevation > -0.575) {
    seconds = 1735 + elevation * (-518.2 + elevation * (103.4 + elevation * (-12.79 + elevation * 0.711)));
  } else seconds = -20.774 / tangent;
  return seconds / 3600;
}
