/**
 * A request to a server of the session era, which asks the client while it works on it and waits for the answer. A
 * client of a session is asked at once. One of the stateless era ends its call with the question and comes back with
 * the answer in another: until then the work is parked, and what the server says meanwhile is kept.
 */
import { GOES_ON_HERE, RoundEnded, type ClientFace, type InputRequest } from '#contract';
import type { JsonObject } from '#kernel';
import type { Lease } from '../pool/index.ts';
import type { AskedRequest, Behalf } from './bridge.ts';
import { tellClient } from './notices.ts';
import type { ParkedCalls, ParkedFor } from './parked-calls.ts';

interface OpenQuestion {
  readonly key: string;
  readonly input: InputRequest;
  readonly answer: PromiseWithResolvers<JsonObject>;
}

/** Notices that are kept for who comes back; more than that nobody reads afterwards. */
const MOST_KEPT = 1_000;
/** Questions of one request: a server that asks without end is stopped. */
const MOST_QUESTIONS = 64;
/** What a server asks in one go comes as messages of its own. A round that ends waits so long for the others. */
const GATHERING_MS = 20;

export class HeldCall {
  readonly #id: string;
  readonly #caller: ParkedFor;
  readonly #parked: ParkedCalls;
  readonly #upstream = new AbortController();
  readonly #open = new Set<OpenQuestion>();
  readonly #kept: [method: string, params: JsonObject][] = [];
  readonly #result: Promise<JsonObject>;
  #asked = 0;
  #behalf: Behalf | undefined;
  #isGathering = false;
  #endRound: ((reason: RoundEnded) => void) | undefined;

  constructor(options: { request: AskedRequest; lease: Lease; parked: ParkedCalls; caller: ParkedFor }) {
    const { request, lease, parked, caller } = options;
    const { context, signIn } = caller;
    this.#parked = parked;
    this.#caller = { context, signIn };
    this.#id = parked.newId();
    this.#result = lease.connection
      .request(request.method, request.params, {
        signal: this.#upstream.signal,
        context,
        notified: (method, params) => this.#notified(method, params),
        asked: (input) => this.#question(input),
      })
      .finally(() => lease.release());
    // It may fail while nobody is there; whoever comes back hears of it. That it is called off the server hears before
    // the end of its questions, which it might take for an answer to go on with.
    this.#result.catch(() => {}).finally(() => this.#endQuestions());
  }

  /** Goes on for this round of the caller: to the result, or to the next question that ends the round. */
  async goOn(behalf: Behalf): Promise<JsonObject> {
    const { signal } = behalf;
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => {});
    const cancel = (): void => this.#upstream.abort(signal.reason);
    this.#behalf = behalf;
    this.#endRound = ended.reject;
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    try {
      for (const [method, params] of this.#kept.splice(0)) tellClient(behalf.client, method, params);
      for (const question of this.#open) void this.#put(question, behalf);
      return await Promise.race([this.#result, ended.promise]);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#behalf = undefined;
      this.#endRound = undefined;
    }
  }

  /** Nobody will come back. */
  abandon(reason: Error): void {
    this.#upstream.abort(reason);
  }

  #endQuestions(): void {
    for (const { answer } of this.#open) answer.reject(new Error('the request that it was asked for has ended'));
    this.#open.clear();
  }

  #notified(method: string, params: JsonObject): void {
    if (this.#behalf !== undefined) tellClient(this.#behalf.client, method, params);
    else if (this.#kept.length < MOST_KEPT) this.#kept.push([method, params]);
  }

  #question(input: InputRequest): Promise<JsonObject> {
    if (++this.#asked > MOST_QUESTIONS) return Promise.reject(new Error('too many questions for one request'));
    const question = { key: `question-${this.#asked}`, input, answer: Promise.withResolvers<JsonObject>() };
    question.answer.promise.catch(() => {});
    this.#open.add(question);
    if (this.#behalf !== undefined) void this.#put(question, this.#behalf);
    return question.answer.promise;
  }

  async #put(question: OpenQuestion, { client }: Behalf): Promise<void> {
    const { key, input, answer } = question;
    try {
      const answers = await client.request({ [key]: input }, { server: { held: this.#id }, [GOES_ON_HERE]: true });
      this.#open.delete(question);
      answer.resolve(answers[key] ?? {});
    } catch (error) {
      // The round is over, and the question stays: it is put again to who comes back.
      if (error instanceof RoundEnded) return this.#gather(error, client);
      if (this.#upstream.signal.aborted) return;
      this.#open.delete(question);
      answer.reject(error instanceof Error ? error : new Error('the client did not answer', { cause: error }));
    }
  }

  /** Of several questions the first ends the round, and takes with it what is asked at the same time. */
  #gather(first: RoundEnded, client: ClientFace): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    setTimeout(() => {
      this.#isGathering = false;
      const inputs = Object.fromEntries([...this.#open].map(({ key, input }) => [key, input]));
      client.request(inputs, { server: { held: this.#id }, [GOES_ON_HERE]: true }).then(
        () => this.#park(first),
        (reason: unknown) => this.#park(reason instanceof RoundEnded ? reason : first),
      );
    }, GATHERING_MS);
  }

  #park(reason: RoundEnded): void {
    const endRound = this.#endRound;
    // The result may have come meanwhile.
    if (endRound === undefined) return;
    this.#behalf = undefined;
    this.#endRound = undefined;
    this.#parked.park(this.#id, this, this.#caller);
    endRound(reason);
  }
}
