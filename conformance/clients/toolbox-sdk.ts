/** The JavaScript SDK of MCP Toolbox, a code base of its own: it knows the base URL and toolsets. */
import { ToolboxClient } from '@toolbox-sdk/core';
import type { ForeignClient } from './foreign-client.ts';

export const toolboxSdk: ForeignClient = {
  name: '@toolbox-sdk/core',
  revision: '2026-07-28',
  async connect({ origin, toolset, key }) {
    const client = new ToolboxClient(origin, undefined, { Authorization: `Bearer ${key}` });
    const tools = await client.loadToolset(toolset);
    return {
      list: () => Promise.resolve(tools.map((tool) => tool.getName())),
      async call(name, args) {
        const tool = tools.find((one) => one.getName() === name);
        if (tool === undefined) throw new Error(`the SDK loaded no tool \`${name}\``);
        return [await tool({ ...args })];
      },
      close: () => Promise.resolve(),
    };
  },
};
