/** Reading and writing what no HTTP client would: event streams message by message, bytes on a socket. */
import { connect } from 'node:net';
import type { JsonObject } from '#kernel';

/** The messages of an event stream as they come; ends with it. */
export async function* messagesOf(response: Response): AsyncGenerator<JsonObject, void> {
  let buffer = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    buffer += chunk;
    const parts = buffer.split('\n\n');
    buffer = parts.pop() as string;
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (data !== undefined) yield JSON.parse(data) as JsonObject;
    }
  }
}

/** The messages of an event stream, until it ends or `count` have come. */
export async function events(response: Response, count = Infinity): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  for await (const message of messagesOf(response)) {
    messages.push(message);
    if (messages.length >= count) break;
  }
  return messages;
}

/** Sends bytes and gives what came back until the server closed. */
export function raw(port: number, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(20_000, () =>
      socket.destroy(new Error(`the server neither answered nor closed; so far: ${answer}`)),
    );
  });
}

/** Every JSON-RPC message of a body, whichever of the two forms it has. */
export function messagesIn(text: string): JsonObject[] {
  if (text.startsWith('{')) return [JSON.parse(text) as JsonObject];
  const lines = text.split('\n').filter((line) => line.startsWith('data: {'));
  return lines.map((line) => JSON.parse(line.slice('data: '.length)) as JsonObject);
}
