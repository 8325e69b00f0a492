import { defineErrors } from '#kernel';

/** What can go wrong between a checked call and its answer. */
export const toolboxError = defineErrors('toolbox', {
  SOURCE_UNREACHABLE: {
    status: 503,
    title: 'the source behind the tool cannot be reached',
    remedy:
      'Check that the source is running and that its address and credentials are right; `/readyz` shows every source. The next call tries again.',
  },
  SQL_FAILED: {
    status: 422,
    title: 'the database refused the statement',
    remedy: "The message is the database's own. Correct the arguments, or the tool's statement.",
  },
  READ_ONLY: {
    status: 403,
    title: 'a read-only tool or source was asked to write',
    remedy: 'Use a tool that may write, or take `readOnly: true` off the tool or source if writing is meant.',
  },
  TOOL_TIMEOUT: {
    status: 504,
    title: 'the tool ran longer than its timeout',
    remedy: "Ask for less, or raise the tool's `timeout`.",
  },
  TOOL_FAILED: {
    status: 502,
    title: 'the tool failed',
    remedy: 'The message says what the tool met; the log has the rest under the request id.',
  },
  DRIVER_MISSING: {
    status: 500,
    title: 'the driver package of a source type is not installed',
    remedy: 'Install the package that the message names, then call again.',
  },
  TEMPLATE_VALUE_REFUSED: {
    status: 400,
    title: 'a template parameter is not an identifier that the tool allows',
    remedy:
      'Pass a plain identifier (letters, digits, underscores), one of the allowed values where the tool lists them.',
  },
  EGRESS_REFUSED: {
    status: 403,
    title: 'the destination of an outgoing request is not allowed',
    remedy:
      "Allow the address in the source's `allowedIpRanges` or set `allowPrivateNetworks: true`, if it is meant to be reached.",
  },
});
