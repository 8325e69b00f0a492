import { z } from 'zod';
import { resourceName } from '#contract';
import { moment, momentOf, route, type Route } from '#http';
import { authorOf, type RouteParts } from './parts.ts';

/** `/api/v1/namespaces`: those that are shut. */
export function namespaceRoutes({ identity }: RouteParts): readonly Route[] {
  const { namespaces } = identity;
  const switched = (verb: 'disable' | 'enable'): Route =>
    route({
      operationId: `${verb}Namespace`,
      method: 'POST',
      path: `/namespaces/{namespace}/${verb}`,
      summary: verb === 'disable' ? 'Refuse every agent of a namespace' : 'Let the agents of a namespace in again',
      tag: 'namespaces',
      permission: `namespace.${verb}`,
      where: 'everywhere',
      params: z.strictObject({ namespace: resourceName }),
      status: 204,
      errors: ['NAME_REFUSED'],
      handle: (call) => namespaces[verb](authorOf(call), call.params.namespace),
    });
  return [
    route({
      operationId: 'listDisabledNamespaces',
      method: 'GET',
      path: '/namespaces/disabled',
      summary: 'Namespaces that are disabled',
      tag: 'namespaces',
      permission: 'namespace.read',
      where: 'everywhere',
      answer: z.strictObject({ items: z.array(z.strictObject({ namespace: z.string(), disabledAt: moment })) }),
      handle: async () => ({
        items: (await namespaces.listDisabled()).map(({ namespace, disabledAt }) => ({
          namespace,
          disabledAt: momentOf(disabledAt),
        })),
      }),
    }),
    switched('disable'),
    switched('enable'),
  ];
}
