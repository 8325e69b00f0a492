import { z } from 'zod';

/** A moment on the wire: RFC 3339 in UTC. */
export const moment = z.iso.datetime();

/** Milliseconds since the epoch as the wire has them; null stays null. */
export function momentOf(ms: number): string;
export function momentOf(ms: number | null): string | null;
export function momentOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
