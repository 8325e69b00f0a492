import { httpError } from './errors.ts';
import type { Route } from './route.ts';

/** Where all paths of the API begin. */
export const API_ROOT = '/api/v1';

interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Entry {
  readonly route: Route;
  readonly steps: readonly string[];
}

/** Finds routes without a socket: for requests of this process, and for what to say of a wrong one. */
export class Router {
  readonly #entries: readonly Entry[];

  constructor(routes: readonly Route[]) {
    this.#entries = routes.map((route) => ({ route, steps: route.path.split('/') }));
  }

  /** The route of a path below the root. Throws `ROUTE_UNKNOWN`, `ROUTE_METHOD_REFUSED`. */
  find(method: string, path: string): Found {
    const steps = path.split('/');
    const fitting = this.#entries.flatMap(({ route, steps: template }) => {
      const params = match(template, steps);
      return params === undefined ? [] : [{ route, params }];
    });
    // A path that is written out wins over one with parameters, as everywhere.
    const found = fitting
      .filter(({ route }) => route.method === method)
      .toSorted((left, right) => Object.keys(left.params).length - Object.keys(right.params).length)[0];
    if (found !== undefined) return found;
    if (fitting.length === 0) throw httpError('ROUTE_UNKNOWN', 'nothing answers at this path');
    const methods = new Set(fitting.map(({ route }) => route.method));
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    throw httpError('ROUTE_METHOD_REFUSED', `this path answers to ${allow}`, { details: { allow } });
  }
}

function match(template: readonly string[], steps: readonly string[]): Record<string, string> | undefined {
  if (template.length !== steps.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, wanted] of template.entries()) {
    const given = steps[at] as string;
    const name = /^\{(.+)\}$/.exec(wanted)?.[1];
    if (name === undefined && wanted !== given) return undefined;
    if (name === undefined) continue;
    const value = decodeStep(given);
    if (value === undefined || value === '') return undefined;
    params[name] = value;
  }
  return params;
}

function decodeStep(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}
