import { defineErrors } from '#kernel';

/** What becomes of a connection to an MCP server behind us, and of a request over one. */
export const connectionError = defineErrors('servers/connections', {
  SERVER_UNAVAILABLE: {
    status: 503,
    title: 'an MCP server behind us does not take requests',
    remedy: 'Check that it is running and healthy; its own log says more. The next request tries again.',
  },
  SERVER_REFUSED: {
    status: 502,
    title: 'an MCP server behind us refused the credential that it was sent',
    remedy:
      'Check how requests to it are authorized; where the token of a person is sent, have them connect their account again.',
  },
  SERVER_ANSWER_UNREADABLE: {
    status: 502,
    title: 'an MCP server behind us answered with something that is not MCP',
    remedy: 'The message says what it was. Check that the address leads to an MCP server, and its version.',
  },
  SERVER_REVISION_UNKNOWN: {
    status: 502,
    title: 'an MCP server behind us speaks no revision of MCP that we speak',
    remedy: 'The message lists its revisions. Bring it to a newer version.',
  },
  SERVER_LOST: {
    status: 502,
    title: 'the connection to an MCP server broke off before it answered',
    remedy: 'What was asked may have been done or not: look before you repeat what writes.',
  },
  SERVER_CONNECTION_ENDED: {
    status: 503,
    title: 'the connection to an MCP server has ended, and the request was not taken',
    remedy: 'Nothing of it was done. Repeat it; another connection is opened.',
  },
  SERVER_BUSY: {
    status: 503,
    title: 'as many requests to an MCP server are running as one connection may have',
    remedy: 'Repeat the request when others have ended. A shorter `timeout` of its document lets them end sooner.',
  },
  SERVER_RESTING: {
    status: 503,
    title: 'the process of an MCP server keeps ending, and is not started again yet',
    remedy: 'Its log says why it ends. It is started again after the seconds in `Retry-After`.',
  },
  SERVER_PROCESS_REFUSED: {
    status: 500,
    title: 'the process of an MCP server cannot be started as it is configured',
    remedy: 'The message says what cannot be kept. Correct it where the server is configured, or the machine.',
  },
});
