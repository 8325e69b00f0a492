/**
 * Reads one HTTP/1.1 reply from a socket and compares its body, byte by byte, with the one that is
 * right, without collecting it: the generator shares its cores with the servers it measures.
 */
const HEAD_END = '\r\n\r\n';

/** Where the reading stands. */
type State = 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end';

export class ReplyReader {
  #state: State = 'head';
  #expected: Buffer = Buffer.alloc(0);
  /** Bytes of the body that were compared. */
  #matched = 0;
  /** Bytes left of the body, or of the current chunk. */
  #left = 0;
  /** The begin of a head or a size line whose end has not arrived. */
  #pending = '';

  /** Makes ready for the next reply, whose body must be `expected`. */
  expect(expected: Buffer): void {
    this.#state = 'head';
    this.#expected = expected;
    this.#matched = 0;
    this.#pending = '';
  }

  /**
   * Takes what arrived; true when the reply is complete. Throws for any status but 200, for a body
   * that differs, and for bytes after the end (one request is outstanding at a time).
   */
  feed(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(chunk, at);
          break;
        case 'body':
          at = this.#compare(chunk, at);
          if (this.#left === 0) return this.#end(chunk, at);
          break;
        case 'chunk-size':
          at = this.#readSize(chunk, at);
          break;
        case 'chunk':
          at = this.#compare(chunk, at);
          if (this.#left === 0) this.#state = 'chunk-end';
          break;
        case 'chunk-end':
          // CR LF after a chunk's bytes; after the last chunk, which is empty, they end the reply.
          at = this.#readLine(chunk, at, '\r\n');
          if (this.#pending !== '') break;
          if (this.#lastChunk) return this.#end(chunk, at);
          this.#state = 'chunk-size';
          break;
      }
    }
    return false;
  }

  #lastChunk = false;

  #readHead(chunk: Buffer, at: number): number {
    const before = this.#pending.length;
    this.#pending += chunk.toString('latin1', at, Math.min(chunk.length, at + 16_384));
    const end = this.#pending.indexOf(HEAD_END);
    if (end === -1) return chunk.length;
    const head = this.#pending.slice(0, end);
    this.#pending = '';
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`instead of 200 came: ${head.split('\r\n', 1)[0]}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      this.#state = 'body';
      this.#left = Number(length);
      if (this.#left !== this.#expected.length)
        throw new Error(`a body of ${this.#left} bytes came instead of ${this.#expected.length}`);
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = 'chunk-size';
    } else {
      throw new Error('the reply says neither its length nor that it is chunked');
    }
    return at + end + HEAD_END.length - before;
  }

  #readSize(chunk: Buffer, at: number): number {
    const line = this.#takeLine(chunk, at);
    if (line === undefined) return chunk.length;
    this.#left = Number.parseInt(line.text, 16);
    if (!Number.isSafeInteger(this.#left)) throw new Error(`\`${line.text}\` is no size of a chunk`);
    this.#lastChunk = this.#left === 0;
    this.#state = this.#lastChunk ? 'chunk-end' : 'chunk';
    return line.next;
  }

  /** Reads an exact text that may arrive in parts; `#pending` is empty once it is complete. */
  #readLine(chunk: Buffer, at: number, text: string): number {
    const next = Math.min(chunk.length, at + text.length - this.#pending.length);
    this.#pending += chunk.toString('latin1', at, next);
    if (!text.startsWith(this.#pending)) throw new Error('a chunk is longer than it says');
    if (this.#pending.length === text.length) this.#pending = '';
    return next;
  }

  #takeLine(chunk: Buffer, at: number): { readonly text: string; readonly next: number } | undefined {
    const end = chunk.indexOf(0x0a, at);
    this.#pending += chunk.toString('latin1', at, end === -1 ? chunk.length : end + 1);
    if (end === -1) return undefined;
    const text = this.#pending.trimEnd();
    this.#pending = '';
    return { text, next: end + 1 };
  }

  #compare(chunk: Buffer, at: number): number {
    const next = Math.min(chunk.length, at + this.#left);
    const matched = this.#matched + next - at;
    if (chunk.compare(this.#expected, this.#matched, Math.min(matched, this.#expected.length), at, next) !== 0)
      throw new Error(`another body came than the right one: …${chunk.toString('utf8', at, Math.min(next, at + 200))}`);
    this.#matched = matched;
    this.#left -= next - at;
    return next;
  }

  #end(chunk: Buffer, at: number): true {
    if (this.#matched !== this.#expected.length)
      throw new Error(`the body ended after ${this.#matched} of ${this.#expected.length} bytes`);
    if (at !== chunk.length) throw new Error('bytes came after the end of the reply');
    return true;
  }
}
