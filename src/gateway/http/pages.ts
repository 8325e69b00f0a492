import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientCertificate } from '#tls';

/** Pages for people, which read their own requests. */
export interface Pages {
  answers(path: string): boolean;
  /** Whether pages of any origin may call there, which the path itself has an answer to; none without it. */
  takesAnyOrigin?(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: PageArrival): Promise<void>;
}

/** What the listener knows of a request to a page. */
export interface PageArrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** On a listener whose clients show certificates: that of the connection, where it counts. */
  readonly agents?: { readonly certificate: ClientCertificate | undefined } | undefined;
  /** What the answer carries beside the page's own. Flat: name, value, name, value. */
  readonly headers: readonly string[];
}
