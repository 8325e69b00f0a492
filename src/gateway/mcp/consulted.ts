import type { ClientFace, Principal } from '#contract';
import type { Asked } from '../pipeline/call-record.ts';
import type { Consultation } from '../pipeline/call.ts';
import type { Peer } from '../pipeline/peer.ts';
import type { Exchange } from './exchange.ts';

/** What an exchange asks for beside tools, as the pipeline takes it. */
export class McpConsultation implements Consultation {
  readonly door = 'mcp';
  readonly asked: Asked;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, asked: Omit<Asked, 'namespace'>) {
    this.#exchange = exchange;
    this.asked = { ...asked, namespace: exchange.view.name };
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  get principal(): Principal {
    return this.#exchange.principal;
  }

  get peer(): Peer {
    return this.#exchange.peer;
  }

  get traceparent(): string | undefined {
    return traceparentOf(this.#exchange);
  }

  get client(): ClientFace {
    return this.#exchange.client;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }
}

/** MCP carries the trace context in `_meta` (SEP-414). */
export function traceparentOf({ meta }: Exchange): string | undefined {
  const { traceparent } = meta;
  return typeof traceparent === 'string' ? traceparent : undefined;
}
