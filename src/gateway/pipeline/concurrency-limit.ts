import type { Tool } from '#toolbox';
import { gatewayError } from '../errors.ts';

/** Where calls run: a source, an MCP server, or whatever else can be slow on its own. */
export interface Place {
  /** For messages. */
  readonly what: string;
  running: number;
}

/**
 * How many calls run at once. Past the limit a call is refused at once instead of queued: a queue
 * turns overload into timeouts for everybody, a refusal tells the caller when to come back.
 *
 * One place among several has a share of it and no more: calls of a server that takes a minute for each would otherwise
 * come to be all that run, and nobody could call any other. Where one place is all that anybody calls, it has all (ADR 60).
 */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #share: number;
  readonly #isShareSaid: boolean;
  readonly #places = new Map<string, Place>();
  /** Found by the tool, so that a call makes no name. */
  readonly #placeOf = new WeakMap<Tool, Place>();
  /** Prompts, resources and completions together: calls of tools have the rest, whatever becomes of those. */
  readonly consultations: Place = { what: 'prompts, resources and completions', running: 0 };
  #running = 0;

  /** `share` is half of the limit unless said, and holds for one place alone where it is said. */
  constructor(limit: number, share?: number) {
    this.#limit = limit;
    this.#share = share ?? Math.ceil(limit / 2);
    this.#isShareSaid = share !== undefined;
  }

  get running(): number {
    return this.#running;
  }

  /** Undefined for a tool that runs in this process alone. */
  placeOf(tool: Tool): Place | undefined {
    const known = this.#placeOf.get(tool);
    if (known !== undefined) return known;
    const { namespace, server, source } = tool;
    const name = server ?? source;
    if (name === undefined) return undefined;
    const id = `${server === undefined ? 'source' : 'server'} ${namespace}/${name}`;
    const place = this.#places.get(id) ?? { what: `\`${name}\``, running: 0 };
    this.#places.set(id, place);
    this.#placeOf.set(tool, place);
    return place;
  }

  /** Throws `OVERLOADED`, and `SOURCE_BUSY` where it is the place that has all of its share. */
  enter(place: Place | undefined): void {
    if (this.#running >= this.#limit) {
      throw gatewayError('OVERLOADED', `the server already runs ${this.#limit} calls`, {
        details: { retryAfterSeconds: 1 },
      });
    }
    if (place !== undefined) {
      if (place.running >= this.#share && this.#isShared(place)) {
        throw gatewayError('SOURCE_BUSY', `${this.#share} calls of ${place.what} are running already`, {
          details: { retryAfterSeconds: 1 },
        });
      }
      place.running++;
    }
    this.#running++;
  }

  leave(place: Place | undefined): void {
    if (place !== undefined) place.running--;
    this.#running--;
  }

  /** Whether anybody has called another place, so far. */
  #isShared(place: Place): boolean {
    return this.#isShareSaid || this.#places.size > (place === this.consultations ? 0 : 1);
  }
}
