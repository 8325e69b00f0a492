import { defineErrors } from '#kernel';

/** What a door answers when a request does not reach a tool, or the tool's answer cannot be given. */
export const gatewayError = defineErrors('gateway', {
  UNAUTHENTICATED: {
    status: 401,
    title: 'the request carries no credential, or one that does not count',
    remedy:
      'Send `Authorization: Bearer …` with an access token of an issuer in the metadata that the challenge names, or with a key made by `chatelaine key create`.',
  },
  PROOF_REFUSED: {
    status: 401,
    title: 'a token that is bound to a key came without a proof of that key that counts',
    remedy:
      'Send `Authorization: DPoP …` with one `DPoP` header: a new proof for this method, this URL and this token (RFC 9449 §4.2), with the nonce of `DPoP-Nonce` where one is given.',
  },
  CERTIFICATE_REFUSED: {
    status: 401,
    title: 'the client certificate is not that of an agent who may come in',
    remedy:
      'Use a certificate with the SPIFFE ID of an agent, issued by an authority of `agentListener.clientCa`. The log says what was wrong with this one.',
  },
  CREDENTIAL_REPEATED: {
    status: 400,
    title: 'the request carries more than one credential',
    remedy: 'Send one `Authorization` header.',
  },
  CREDENTIAL_IN_QUERY: {
    status: 400,
    title: 'the request carries a token in its query string',
    remedy: 'Send it as `Authorization: Bearer …`, and consider the one that was sent known to logs on the way.',
  },
  CREDENTIAL_UNVERIFIABLE: {
    status: 503,
    title: 'a credential cannot be verified now: its store or its issuer does not answer',
    remedy: 'Retry after the seconds in `Retry-After`; the log and `/readyz` say what is wrong.',
  },
  FORBIDDEN_ROLE: {
    status: 403,
    title: 'the caller has no role that may read prompts and resources',
    remedy: 'Give the agent the role `user`, or use another agent.',
  },
  POLICY_DENIED: {
    status: 403,
    title: 'the policies allow the tool, and not this call of it',
    remedy:
      'Other arguments may be allowed, or another moment or place. Whoever writes policies sees why under the request id in the audit log.',
  },
  FORBIDDEN_ACCESS: {
    status: 403,
    title: 'the credential is not for what it is used for',
    remedy: 'Use a key with `read` to list and with `execute` to call, or have one made.',
  },
  INSUFFICIENT_SCOPE: {
    status: 403,
    title: 'the credential lacks scopes that the door or the tool requires',
    remedy:
      'Ask the issuer for a token with the scopes named in the challenge, or use a key made with `chatelaine key create --scope …`.',
  },
  TOOL_TOKEN_REQUIRED: {
    status: 401,
    title: 'the tool wants a token of one of its services, and the request has none that counts',
    remedy:
      'Send a token of one of the named services in the header `{service}_token`, without `Bearer`, or sign in with one that is `mcpEnabled`.',
  },
  HOST_REFUSED: {
    status: 421,
    title: 'the Host header names a host that this server is not',
    remedy: 'Use the address the server prints, or add the name to `allowedHosts` of `kind: server`.',
  },
  ORIGIN_REFUSED: {
    status: 403,
    title: 'a browser page of another origin sent the request',
    remedy: 'Add the origin to `allowedOrigins` of `kind: server` if that page may call tools.',
  },
  DOOR_UNKNOWN: {
    status: 404,
    title: 'nothing answers at this path',
    remedy: 'MCP answers at `/mcp` and `/mcp/{toolset}`, REST at `/api/toolset` and `/api/tool/{name}/invoke`.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'the path does not answer to this HTTP method',
    remedy: 'The `Allow` header lists the methods that it answers to.',
  },
  TOOLSET_UNKNOWN: {
    status: 404,
    title: 'no toolset or group has this name',
    remedy: 'Leave the name out for everything, or use a name from the configuration.',
  },
  TOOL_UNKNOWN: {
    status: 404,
    title: 'no tool that the caller may see has this name',
    remedy: 'List the tools first; names are case-sensitive.',
  },
  PROMPT_UNKNOWN: {
    status: 404,
    title: 'there is no such prompt here',
    remedy: 'List the prompts of this door; another toolset may hold it.',
  },
  RESOURCE_UNKNOWN: {
    status: 404,
    title: 'no resource or resource template has this URI here',
    remedy: 'List the resources and their templates at this door.',
  },
  ARGUMENTS_INVALID: {
    status: 400,
    title: "the arguments do not fit the tool's parameters",
    remedy: 'Each violation names the parameter and what would be right.',
  },
  OUTPUT_INVALID: {
    status: 502,
    title: 'the tool answered with something that its `outputSchema` does not allow',
    remedy: 'Nothing a caller can mend: the tool, or its `outputSchema`, has to change. The message names each place.',
  },
  OUTPUT_BLOCKED: {
    status: 403,
    title: 'the answer holds something that a mask does not let through',
    remedy:
      'Ask for less, such as other columns, or have whoever keeps the `kind: mask` documents look at the mask that the message names. What a call that writes has done is done.',
  },
  BODY_INVALID: {
    status: 400,
    title: 'the request body is not the JSON that this door reads',
    remedy: 'Send one JSON object in UTF-8, without repeated keys.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'the request body is larger than the server accepts',
    remedy: 'Send less, or raise `limits.maxBodyBytes` of `kind: server`.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'the request body has another media type than JSON',
    remedy: 'Send `Content-Type: application/json`.',
  },
  SECURE_CHANNEL_REQUIRED: {
    status: 400,
    title: 'a secure parameter came through a channel that is not secure, or not at all',
    remedy:
      'Use a client with the extension `com.google.cloud/toolbox.v1`, which sends such values in `secureArguments`.',
  },
  CLIENT_REFUSED: {
    status: 422,
    title: 'the client did not answer what the tool asked it',
    remedy: "The message is the client's own. Answer its question, or use a client that can.",
  },
  CALL_CANCELLED: {
    status: 499,
    title: 'the caller cancelled the call or went away',
    remedy: 'Nothing to do; the work was stopped as far as the source allows.',
  },
  OVERLOADED: {
    status: 503,
    title: 'the server runs as many calls as it is allowed to',
    remedy: 'Retry after the seconds in `Retry-After`, or raise `limits.maxConcurrentCalls` of `kind: server`.',
  },
  SOURCE_BUSY: {
    status: 503,
    title: 'as many calls run at one source or MCP server as may run there at once',
    remedy:
      'Retry after the seconds in `Retry-After`. Where it is slow, a shorter `timeout` of its tools lets them end sooner; where it is not, raise `limits.maxCallsPerSource` of `kind: server`.',
  },
  ADDRESS_THROTTLED: {
    status: 429,
    title: 'too many credentials that do not count came from the address of the request',
    remedy: 'Call again after the seconds in `Retry-After`. Who was let in from there before is not refused.',
  },
  REQUESTS_THROTTLED: {
    status: 429,
    title: 'the caller asks the API more often than a minute allows',
    remedy: 'Call again after the seconds in `Retry-After`, or raise `limits.apiRequestsPerMinute` of `kind: server`.',
  },
  FORWARDING_REFUSED: {
    status: 403,
    title: 'the request says that a replica forwarded it, and none did, or not this one and now',
    remedy:
      'Leave `Chatelaine-Forwarded` out: replicas write it for each other. If a replica did, look at the clocks of both hosts, and whether both have one `database`, one `vault` and the same listeners.',
  },
  FORWARDING_MISDIRECTED: {
    status: 421,
    title: 'a replica forwarded the request to another one, in whose place this one is now',
    remedy: 'Nothing to do: the replica that forwarded it answers that the session has ended.',
  },
  SESSION_ENDED: {
    status: 404,
    title: 'the session has ended with the replica that held it',
    remedy: 'Send `initialize` to open a new one.',
  },
  SIBLING_UNREACHABLE: {
    status: 503,
    title: 'the replica that holds the session cannot be reached now',
    remedy:
      'Retry after the seconds in `Retry-After`: it is reached again, or its sessions have ended and `initialize` opens a new one. The log says what is wrong; `replica.address` of `kind: server` says where it is.',
  },
  SIBLING_BROKE_OFF: {
    status: 502,
    title: 'the replica that holds the session was sent the request and did not answer',
    remedy: 'What was asked may have been done: look before it is asked again. The audit log knows, where it was.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'the server is ending',
    remedy: 'Retry: another replica or the restarted server answers.',
  },
  INTERNAL: {
    status: 500,
    title: 'the server met a fault of its own',
    remedy: 'The log has the details under the request id. Please report it.',
  },
});
