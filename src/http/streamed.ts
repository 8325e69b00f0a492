import type { Outcome } from './idempotency.ts';
import type { Pieces } from './route.ts';

/**
 * The answer of a stream. Its first piece is made before anything is said, so that whoever may not, or
 * cannot, is told so by a status; from then on a fault can only cut it short. Rejects with what the first
 * piece failed with.
 */
export async function streamed(media: string, pieces: Pieces): Promise<Outcome> {
  const rest = pieces[Symbol.asyncIterator]();
  const first = await rest.next();
  const answer = { status: 200, headers: { 'content-type': media }, body: undefined, pieces: continued(first, rest) };
  return { answer, kept: answer };
}

/**
 * Not a generator: one that nobody has begun to read does nothing when it is returned, and what is behind
 * it holds files open and owes the record an outcome.
 */
function continued<Piece>(first: IteratorResult<Piece>, rest: AsyncIterator<Piece>): AsyncIterableIterator<Piece> {
  let begun: IteratorResult<Piece> | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const given = begun ?? (await rest.next());
      begun = undefined;
      return given;
    },
    async return() {
      await rest.return?.();
      return { done: true, value: undefined };
    },
  };
}
