/**
 * `node:http`, for whoever wants more of it than its types. Not by `import`: that reads every export of the
 * module, `WebSocket` among them, for which Node loads all of its own undici, and that is a sixth of a start.
 */
export const nodeHttp = process.getBuiltinModule('node:http');
