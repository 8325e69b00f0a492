import { defineErrors } from '#kernel';

/** What can go wrong between a checked call and its answer. */
export const toolboxError = defineErrors('toolbox', {
  SOURCE_UNREACHABLE: {
    status: 503,
    title: 'the source behind the tool cannot be reached',
    remedy:
      'Check that the source is running and that its address and credentials are right; `/readyz` shows every source. The next call tries again.',
  },
  SECRET_UNAVAILABLE: {
    status: 503,
    title: 'a secret of the vault that the source needs cannot be used',
    remedy:
      'The message names the secret. Put, enable or renew it with `chatelaine secret`; the next call tries again.',
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
  TOOL_RESTING: {
    status: 503,
    title: 'the API behind the tool has said that it takes no requests for a while',
    remedy: 'Call again after the seconds in `Retry-After`; they are those that the API named, an hour at most.',
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
  REQUEST_VALUE_REFUSED: {
    status: 400,
    title: 'a value cannot stand in the HTTP request where the tool puts it',
    remedy: 'The message names the parameter and what its place cannot hold. Pass another value.',
  },
  TOOL_RELOADED: {
    status: 503,
    title: 'a reload took the tool, or the source behind it, away while the call waited',
    remedy: 'List the tools again and repeat the call.',
  },
  EMBEDDING_FAILED: {
    status: 502,
    title: 'a text could not be turned into a vector',
    remedy: 'The message says what the embedding model answered; check its key, its name and its quota.',
  },
  RESOURCE_NOT_FOUND: {
    status: 404,
    title: 'nothing can be read at the URI',
    remedy: 'List the resources; files are found inside the folders that the configuration allows, and nowhere else.',
  },
  RESOURCE_TOO_LARGE: {
    status: 413,
    title: 'the file behind the resource is larger than its limit',
    remedy: 'Raise `maxSize` of the resource, or publish a smaller file.',
  },
});
