import { APP_MIME_TYPE } from '#contract';
import type { JsonObject } from '#kernel';
import type { ResourceFacts } from '../snapshot.ts';

/** What a `resource` and a `resourceTemplate` say about themselves. */
export interface DeclaredFacts {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
  readonly annotations?: object | undefined;
  readonly ui: boolean;
  readonly csp?: object | undefined;
  readonly permissions?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly prefersBorder?: boolean | undefined;
}

/** The facts that lists show; those of the document over those of a module. */
export function factsOf(declared: DeclaredFacts, own?: Omit<ResourceFacts, 'name'>): ResourceFacts {
  const ui = declared.ui ? { ui: appFacts(declared) } : undefined;
  return {
    name: declared.name,
    title: declared.title ?? own?.title,
    description: declared.description ?? own?.description,
    mimeType: declared.ui ? APP_MIME_TYPE : (declared.mimeType ?? own?.mimeType),
    annotations: (declared.annotations as JsonObject | undefined) ?? own?.annotations,
    _meta: ui === undefined ? own?._meta : { ...own?._meta, ...ui },
  };
}

/** What the host of an MCP App must know before it shows it; permissions are empty objects there. */
function appFacts({ csp, permissions, domain, prefersBorder }: DeclaredFacts): JsonObject {
  return {
    ...(csp !== undefined && { csp: csp as JsonObject }),
    ...(permissions !== undefined && { permissions: Object.fromEntries(permissions.map((name) => [name, {}])) }),
    ...(domain !== undefined && { domain }),
    ...(prefersBorder !== undefined && { prefersBorder }),
  };
}
