/** What the reference servers offer, whichever SDK and transport they are made of. */
export interface ReferenceCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly signal: AbortSignal;
  readonly meta: Record<string, unknown>;
  readonly notify: (method: string, params: Record<string, unknown>) => Promise<void>;
  /** Asks the client; on `stream` "none", on no request's stream. */
  readonly ask: (method: string, params: Record<string, unknown>, stream: 'own' | 'none') => Promise<unknown>;
  readonly changed: () => Promise<void>;
  readonly inputResponses?: unknown;
}

/** Raised as an error of the protocol by each SDK's own means. */
export class ReferenceFault extends Error {
  readonly code = -32050;
  readonly data = { column: 7, 'x-odd': ['kept'] };
}

export const CALLED_OFF: string[] = [];

export const TOOLS = [
  'echo',
  'odd',
  'progress',
  'log',
  'ask',
  'rounds',
  'wait',
  'called_off',
  'fail',
  'change',
  'die',
  'large',
  'meta',
].map((name) => ({ name, inputSchema: { type: 'object' as const }, 'x-unknown': { of: name } }));

const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });

export async function runReference(call: ReferenceCall): Promise<Record<string, unknown>> {
  const { name, args } = call;
  switch (name) {
    case 'echo':
      // Answers overtake each other.
      await new Promise((resolve) => setTimeout(resolve, Number(args['ms'] ?? 0)));
      return text(args['text']);
    case 'odd':
      return {
        ...text('odd'),
        structuredContent: { third: 0.3333333333333333, big: 9007199254740991 },
        'x-member': { deep: [null, { 'y-z': 1 }] },
      };
    case 'progress': {
      for (let step = 1; step <= Number(args['steps']); step++) {
        await call.notify('notifications/progress', {
          progressToken: call.meta['progressToken'],
          progress: step,
          total: args['steps'],
        });
      }
      return text('done');
    }
    case 'log':
      await call.notify('notifications/message', { level: 'info', data: args['text'] });
      return text('logged');
    case 'ask': {
      const stream = args['stream'] === 'none' ? 'none' : 'own';
      return text(await call.ask(String(args['method']), (args['params'] ?? {}) as Record<string, unknown>, stream));
    }
    case 'rounds':
      if (call.inputResponses !== undefined) return text(call.inputResponses);
      return {
        resultType: 'input_required',
        inputRequests: {
          who: {
            method: 'elicitation/create',
            params: {
              mode: 'form',
              message: 'who?',
              requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
            },
          },
        },
        requestState: 'sealed',
      };
    case 'wait': {
      const label = String(args['label']);
      await call.notify('notifications/progress', { progressToken: call.meta['progressToken'], progress: 1 });
      await new Promise<void>((resolve) => {
        const end = (): void => {
          CALLED_OFF.push(label);
          resolve();
        };
        if (call.signal.aborted) end();
        else call.signal.addEventListener('abort', end, { once: true });
      });
      return text('too late');
    }
    case 'called_off':
      return text(CALLED_OFF.includes(String(args['label'])));
    case 'fail':
      throw new ReferenceFault('the seventh column is not there');
    case 'change':
      await call.changed();
      return text('changed');
    case 'large':
      return text('x'.repeat(Number(args['bytes'])));
    case 'meta':
      return text(call.meta);
    case 'die':
      process.exit(3);
    default:
      return text(null);
  }
}
