/**
 * entries: what a server offers, as the toolbox knows tools, prompts and resources.
 *
 * A federated tool is a tool like any other: it is pinned, decided about, limited and recorded by its name in the
 * namespace. What is called is the server's own, by the server's own name, over the bridge. Members that we have no
 * name for stay as they came.
 */
export { connectTool } from './connect-tool.ts';
export { federatedTool } from './tool.ts';
export { federatedPrompt } from './prompt.ts';
export { federatedResource, federatedTemplate, unlistedResources } from './resource.ts';
export type { Asker } from './asker.ts';
