import { defineErrors } from '#kernel';

/** What keeps a server from starting. */
export const mainError = defineErrors('main', {
  CONFIGURATION_INVALID: {
    status: 400,
    title: 'the configuration has problems',
    remedy: 'Mend them all (`chatelaine config check` shows them again) and start again.',
  },
  CONFIGURATION_MISSING: {
    status: 400,
    title: 'no configuration was named, and there is no tools.yaml',
    remedy:
      'Name one with `--config`, `--configs`, `--config-folder` or `--prebuilt`; `--quickstart` serves an example.',
  },
  WORKLOAD_API_NOWHERE: {
    status: 400,
    title: 'nothing says where the SPIFFE Workload API is',
    remedy:
      'Write its address, `workloadApi: unix:///run/spire/sockets/agent.sock`, or set `SPIFFE_ENDPOINT_SOCKET` for the server.',
  },
  OPTION_INVALID: {
    status: 400,
    title: 'an option of the command line cannot be used like this',
    remedy: 'The message names it; `--help` says what the command takes.',
  },
  TOOL_REPORTED_FAILURE: {
    status: 422,
    title: 'the tool ran and says that it failed',
    remedy: "The message is the tool's own.",
  },
  INTROSPECTION_CLIENT_INVALID: {
    status: 400,
    title: 'the environment does not say which client asks about opaque tokens',
    remedy:
      'Set both `INTROSPECTION_CLIENT_ID` and `INTROSPECTION_CLIENT_SECRET`, or neither; with several services give each its own `introspectionClientId` and `introspectionClientSecret`.',
  },
  BIND_UNSAFE: {
    status: 400,
    title: 'the server would listen where others reach it, in the clear',
    remedy: 'The message names the three ways out; `docs/tls.md` shows them.',
  },
  TOKEN_FILE_UNREADABLE: {
    status: 500,
    title: 'the file with the token of the key service cannot be read',
    remedy: 'Check the path under `vault.keyWrapper.tokenFile` and its permissions; it is read at each use.',
  },
  SECRET_FILE_UNREADABLE: {
    status: 500,
    title: 'the file of a secret cannot be read',
    remedy: 'Check the path under `vault.mounted` and its permissions; it is read at each use.',
  },
  HOST_KEYS_UNUSABLE: {
    status: 400,
    title: 'the keys that hosts share cannot be taken from the folder of `--host-keys`',
    remedy: 'The message names the file; `docs/storage.md` says what the folder holds.',
  },
  STATE_KEY_UNUSABLE: {
    status: 500,
    title: 'the key that seals the state of calls in several rounds is no key',
    remedy: 'Remove the file and start again: a new key is made, and calls in several rounds begin again.',
  },
  ADDRESS_UNAVAILABLE: {
    status: 500,
    title: 'the address to listen on cannot be had',
    remedy: 'End the program that uses it, or choose another with `--port`.',
  },
});
