/** What an operator answers to kubelets and to whoever scrapes it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Health {
  readonly isReady: boolean;
  readonly isLeader: boolean;
}

/** `/healthz` while the process answers; `/readyz` once everything is known that there is. */
export const healthDoor =
  (health: () => Health): RequestHandler =>
  (request, response) => {
    const { isReady, isLeader } = health();
    const answers: Readonly<Record<string, [number, object]>> = {
      '/healthz': [200, { status: 'ok' }],
      '/readyz': [isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', leader: isLeader }],
    };
    const [status, body] = answers[request.url ?? ''] ?? [404, { status: 'nothing is here' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  };

/** `/metrics`, in the text format of Prometheus. */
export const metricsDoor =
  (register: { metrics(): Promise<string>; readonly contentType: string }): RequestHandler =>
  (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    register.metrics().then(
      (text) => response.writeHead(200, { 'content-type': register.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
