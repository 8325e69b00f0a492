/**
 * `requestState`: what a call in several rounds carries through the client (MCP 2026-07-28, MRTR).
 *
 * The client holds it, so it is hostile on its return. It is sealed with AES-256-GCM and bound, as
 * additional data, to the principal, the method, what is called and the arguments: another caller,
 * another tool or other arguments cannot present it. It expires, and counts once.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { GOES_ON_HERE, type Principal } from '#contract';
import {
  BoundedCache,
  err,
  isRecord,
  ok,
  sha256,
  type Clock,
  type JsonObject,
  type JsonValue,
  type Result,
} from '#kernel';

/** What a sealed state holds: the answers of earlier rounds and the handler's own state. */
export interface RoundState {
  readonly answers: Readonly<Record<string, JsonObject>>;
  readonly state: JsonValue | undefined;
}

export interface OpenedState extends RoundState {
  /** The process that the call goes on in, where it does in one alone. */
  readonly heldBy: string | undefined;
  /** Makes the state count again: the call it came with did not begin. */
  handBack(): void;
}

const LIFETIME_MS = 10 * 60_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class RequestStates {
  readonly #key: Buffer;
  readonly #process: string | undefined;
  readonly #clock: Clock;
  // Nonces of states that were used. Bounded: past it, the oldest could be replayed within its ten
  // minutes, by the same principal for the same call, which is what a plain retry does.
  readonly #used = new BoundedCache<string, true>(100_000);

  /**
   * `key`: 32 bytes, the same in every process that serves the same clients. `process`: the id of this one, where
   * there are others.
   */
  constructor(key: Buffer, clock: Clock, process?: string) {
    this.#process = process;
    this.#key = key;
    this.#clock = clock;
  }

  seal(round: RoundState, binding: Buffer): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(binding);
    const heldBy = isRecord(round.state) && Object.hasOwn(round.state, GOES_ON_HERE) ? this.#process : undefined;
    const text = JSON.stringify({ ...round, heldBy, exp: this.#clock.now() + LIFETIME_MS });
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Opens a state once; the reason is for the caller, who learns nothing that it did not send. */
  open(presented: string, binding: Buffer): Result<OpenedState, string> {
    const bytes = Buffer.from(presented, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return err('`requestState` is not one of this server');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const opened = this.#decrypt(nonce, bytes.subarray(NONCE_BYTES, -TAG_BYTES), bytes.subarray(-TAG_BYTES), binding);
    if (opened === undefined) return err('`requestState` was changed, or belongs to another caller or another call');
    const { answers, state, heldBy, exp } = JSON.parse(opened) as RoundState & { heldBy?: string; exp: number };
    if (exp < this.#clock.now()) return err('`requestState` has expired; start the call again without it');
    const id = nonce.toString('base64url');
    if (this.#used.get(id)) return err('`requestState` was used before; start the call again without it');
    this.#used.set(id, true);
    return ok({ answers, state, heldBy, handBack: () => this.#used.delete(id) });
  }

  #decrypt(nonce: Buffer, sealed: Buffer, tag: Buffer, binding: Buffer): string | undefined {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(binding);
    decipher.setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}

/**
 * What a state is bound to: who asks, what for, with which arguments. 32 bytes, the same for the same
 * call; arguments in another order are other arguments, since clients repeat what they sent.
 */
export function stateBinding(principal: Principal, method: string, params: JsonObject): Buffer {
  const subject = params['name'] ?? params['uri'] ?? '';
  return sha256(
    JSON.stringify([principal.iss, principal.sub, principal.namespace, method, subject, params['arguments'] ?? {}]),
  );
}
