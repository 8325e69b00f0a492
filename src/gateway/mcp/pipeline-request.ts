import type { CallingClient, Principal } from '#contract';
import type { Secret } from '#kernel';
import type { Asked } from '../pipeline/call-record.ts';
import type { Consultation } from '../pipeline/call-request.ts';
import type { Peer } from '../pipeline/peer.ts';
import type { Exchange } from './exchange.ts';
import type { NamespaceView } from '#toolbox';

/** What of an exchange everything needs that goes through the pipeline; what is read late is the exchange's to make. */
export class McpRequest {
  readonly door = 'mcp';
  protected readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  get requestId(): string {
    return this.exchange.requestId;
  }

  get principal(): Principal {
    return this.exchange.principal;
  }

  get subjectToken(): Secret | undefined {
    return this.exchange.subjectToken;
  }

  get peer(): Peer {
    return this.exchange.peer;
  }

  /** MCP carries the trace context in `_meta` (SEP-414). */
  get traceparent(): string | undefined {
    const { traceparent } = this.exchange.meta;
    return typeof traceparent === 'string' ? traceparent : undefined;
  }

  get client(): CallingClient {
    return this.exchange.client;
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }
}

/** What an exchange asks for beside tools. */
export class McpConsultation extends McpRequest implements Consultation {
  readonly asked: Asked;

  constructor(exchange: Exchange, asked: Omit<Asked, 'namespace'>) {
    super(exchange);
    this.asked = { ...asked, namespace: exchange.view.name };
  }

  get view(): NamespaceView {
    return this.exchange.view;
  }
}
