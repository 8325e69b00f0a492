import type { Principal } from '#contract';
import { Frame, type FrameOptions } from './frame.ts';
import type { Headers } from './incoming.ts';
import { openApiRoute, type Described } from './openapi.ts';
import type { Answer } from './problem.ts';
import type { Route } from './route.ts';
import { API_ROOT, Router } from './router.ts';

/** A request of this process, by somebody whom this process knows. */
export interface LocalRequest {
  readonly method: string;
  /** With its query: `/api/v1/secrets?limit=10`. */
  readonly target: string;
  readonly headers?: Headers;
  readonly body?: Buffer | undefined;
  readonly principal: Principal;
  readonly requestId: string;
}

/** The API: its routes, and the frame around them. */
export interface Api {
  readonly routes: readonly Route[];
  readonly router: Router;
  readonly frame: Frame;
  /** Answers without a socket, as the command line's door: the same routes, checks and records. */
  local(request: LocalRequest): Promise<Answer>;
}

/** An API of these routes; its own description is one more. Throws for two routes of one name or place. */
export function createApi(routes: readonly Route[], options: FrameOptions & Described): Api {
  const all = [...routes, openApiRoute(routes, options)];
  checkDistinct(all);
  const frame = new Frame(options);
  const router = new Router(all);
  return {
    routes: all,
    router,
    frame,
    async local({ method, target, headers = {}, body, principal, requestId }) {
      try {
        const [path = '', query = ''] = target.split('?', 2);
        const { route, params } = router.find(method, path.slice(API_ROOT.length));
        const incoming = { requestId, door: 'cli', headers, params, query } as const;
        const admitted = await frame.admit(route, incoming, () => principal);
        return await frame.answer(admitted, body);
      } catch (error) {
        return frame.refuse(error, { requestId });
      }
    },
  };
}

function checkDistinct(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { operationId, method, path } of routes) {
    for (const name of [operationId, `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`]) {
      if (seen.has(name)) throw new Error(`two routes are \`${name}\``);
      seen.add(name);
    }
  }
}
