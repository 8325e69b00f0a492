/**
 * kernel: what every module stands on and nothing else knows about.
 *
 * Owns identifiers and randomness, the error catalogue, `Result`, the clock, secrets that do
 * not print, structured logs, strict JSON, durations, sizes and networks, and the nearest valid name.
 * Imports nobody. Holds no state, reads no environment, opens nothing.
 */
export { ChatelaineError, defineErrors, errorCatalogues, retryAfterOf, type ErrorEntry } from './errors.ts';
export { err, ok, type Result } from './result.ts';
export { steadyClock, systemClock, type Clock } from './clock.ts';
export { Secret, reveal } from './secret.ts';
export { isWellKnownSecret, weaknessOfSecret } from './secret-strength.ts';
export { newId, randomToken, sha256, sha256Hex, equalBytes } from './random.ts';
export { createLogger, silentLogger, type LogFormat, type Logger, type LogLevel } from './log.ts';
export { parseStrictJson, type JsonObject, type JsonValue, type StrictJsonLimits } from './strict-json.ts';
export { isRecord } from './record.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { formatSize, parseSize } from './size.ts';
export { didYouMean, nearest } from './nearest.ts';
export {
  formatRange,
  isPartOf,
  isWithin,
  parseAddress,
  parseRange,
  plainAddress,
  type AddressRange,
} from './address-range.ts';
export { BoundedCache } from './bounded-cache.ts';
export { Members, type Membership } from './members.ts';
export { startRecurring } from './recurring.ts';
