import { defineErrors } from '#kernel';

/** What the frame of the REST API refuses before, around and after a route. */
export const httpError = defineErrors('http', {
  ROUTE_UNKNOWN: {
    status: 404,
    title: 'the API has no such path',
    remedy: '`/api/v1/openapi.json` lists every path.',
  },
  ROUTE_METHOD_REFUSED: {
    status: 405,
    title: 'the path does not answer to this HTTP method',
    remedy: 'The `Allow` header lists the methods that it answers to.',
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'the request does not have the form that the route describes',
    remedy: '`errors` names each place and what is wrong there; `/api/v1/openapi.json` has the schemas.',
  },
  REQUEST_BODY_REFUSED: {
    status: 400,
    title: 'the request body is not JSON that can be read in one way only',
    remedy: 'Send one JSON value in UTF-8, without repeated keys, nested at most 16 deep.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    title: 'the request body is larger than the API accepts',
    remedy: 'Send less, or raise `limits.maxBodyBytes` of `kind: server`.',
  },
  REQUEST_MEDIA_TYPE_REFUSED: {
    status: 415,
    title: 'the request body has another media type than JSON',
    remedy: 'Send `Content-Type: application/json`, without a content encoding.',
  },
  CURSOR_REFUSED: {
    status: 400,
    title: 'the cursor is none that this listing has given',
    remedy: 'Use `next` as it was given, with the same path and filters, or begin again without a cursor.',
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    title: 'a change of something that has versions must say which version it changes',
    remedy: 'Send `If-Match` with the `ETag` that a GET gave, or `If-None-Match: *` to make what is not there yet.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'what was to be changed is not in the state that the request expects',
    remedy: 'Get it again, look at what changed, and send the change with its new `ETag`.',
  },
  IDEMPOTENCY_KEY_REFUSED: {
    status: 400,
    title: 'the `Idempotency-Key` header has no usable value',
    remedy: 'Send 1 to 255 printable ASCII characters, such as a random UUID, once.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'the `Idempotency-Key` was used with another request',
    remedy: 'Use a new key for a new request.',
  },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    title: 'the same request is being worked on',
    remedy: 'Ask again in a moment, with the same key.',
  },
  IDEMPOTENCY_OUTCOME_UNKNOWN: {
    status: 409,
    title: 'the same request was begun and never finished, so nobody knows what it did',
    remedy: 'Look whether what it was to do is done, then send what is missing with a new key.',
  },
  API_FAULT: {
    status: 500,
    title: 'the server met a fault of its own',
    remedy: 'The log of the server has the details under the id in `instance`.',
  },
});
