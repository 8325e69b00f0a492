import { defineErrors } from '#kernel';

/** What can go wrong between a call that may run and the answer of the MCP server that runs it. */
export const serversError = defineErrors('servers', {
  SERVER_ERROR: {
    status: 422,
    title: 'the MCP server behind the tool answered with an error',
    remedy: "The message is the server's own. Correct the arguments, or ask whoever runs that server.",
  },
  SERVER_ANSWER_INVALID: {
    status: 502,
    title: 'the MCP server behind the tool answered with something that is no answer',
    remedy: 'Whoever runs that server has to mend it; the message says what is wrong.',
  },
  TOOL_NOT_OFFERED: {
    status: 403,
    title: 'the MCP server behind the tool does not offer it to the caller',
    remedy: 'List the tools again. Whoever runs that server decides who is offered what.',
  },
  TOOL_DIFFERS: {
    status: 403,
    title: 'the MCP server offers the caller another tool of the name than the one that is known here',
    remedy:
      'Nothing was asked of it. A tool has one definition here, which may have to be approved: whoever runs that server has to give all callers the same, or the other one another name.',
  },
  CONNECTIONS_EXHAUSTED: {
    status: 503,
    title: 'all connections to an MCP server are in use',
    remedy: 'Call again in a moment, or raise `maxConnections` of its document.',
  },
  ROUND_EXPIRED: {
    status: 409,
    title: 'the call that was to go on waits no longer',
    remedy:
      'Start the call again without `requestState`. Answers are waited for some minutes, in the process that asked.',
  },
});
