/** All objects of a list, page by page. */
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { hasCode, type ApiConnection } from '../connection/index.ts';
import type { Resource, Scope } from '../resource.ts';

/** As many as client-go asks for: an API server holds a page in memory for each that asks. */
const PAGE = 500;

export interface WholeList {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

type Lister = Pick<ApiConnection, 'list'>;

/**
 * Pages are of one version. When that is no longer kept before the last was read (410), all is asked for at once,
 * as client-go does: a list so long that its pages expire would expire again.
 */
export async function listAll(
  connection: Lister,
  resource: Resource,
  options: Scope & { readonly signal?: AbortSignal | undefined; readonly limit?: number },
): Promise<WholeList> {
  const { limit = PAGE, ...asked } = options;
  const items: KubernetesObject[] = [];
  let next: string | undefined;
  try {
    for (;;) {
      const page = await connection.list(resource, { ...asked, limit, continue: next });
      items.push(...page.items);
      next = page.next;
      if (next === undefined) return { items, resourceVersion: page.resourceVersion };
    }
  } catch (error) {
    if (next === undefined || !hasCode(error, 'CLUSTER_GONE')) throw error;
    const { items: all, resourceVersion } = await connection.list(resource, asked);
    return { items: all, resourceVersion };
  }
}
