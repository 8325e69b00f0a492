import { defineErrors } from '#kernel';

/** What the command line itself can fail with; commands fail with the codes of their modules. */
export const cliError = defineErrors('cli', {
  UNEXPECTED: {
    status: 500,
    title: 'something happened that Chatelaine did not provide for',
    remedy: 'This is a defect. Run the command again with CHATELAINE_DEBUG=1 to see where it happens, and report that.',
  },
  FILE_UNUSABLE: {
    status: 400,
    title: 'a file that the command names cannot be read or written',
    remedy: 'Check the path and its permissions.',
  },
  OPTION_MISSING: {
    status: 400,
    title: 'the command needs an option that was left out',
    remedy: 'The message says which; `--help` shows all of them.',
  },
  CONFIGURATION_UNUSABLE: {
    status: 400,
    title: 'the configuration that the command names has problems',
    remedy: 'Mend them: `chatelaine config check` shows them again.',
  },
  POLICY_FILE_REFUSED: {
    status: 400,
    title: 'the file, with the options beside it, is no policy that the command could work with',
    remedy:
      'The message says why. A `.cedar` file holds the rules of one policy; YAML holds documents of `kind: policy`.',
  },
  IMPORT_IMPOSSIBLE: {
    status: 400,
    title: 'the description to import is not one that can be read',
    remedy: 'The message says what is wrong with it. OpenAPI 3.0 and 3.1 documents can be imported.',
  },
  ARGUMENT_UNREADABLE: {
    status: 400,
    title: 'what an option was given is not in its form',
    remedy: 'The message says how it is written.',
  },
  CREDENTIAL_MISSING: {
    status: 400,
    title: 'the command has no key for the server that it is to ask',
    remedy: 'Sign in with `chatelaine login --server URL`, or put a key into the environment variable CHATELAINE_KEY.',
  },
  SERVER_ADDRESS_REFUSED: {
    status: 400,
    title: 'the address of the server cannot be used',
    remedy: 'Give `--server` an https address; http is for this machine alone.',
  },
  SERVER_UNREACHABLE: {
    status: 503,
    title: 'the server does not answer',
    remedy: 'Check the address, that the server runs, and its certificate.',
  },
  SERVER_UNEXPECTED: {
    status: 502,
    title: 'what answered is not the API of Chatelaine',
    remedy: 'Check the address, and what stands between.',
  },
  NAME_IMPOSSIBLE: {
    status: 400,
    title: 'a name is empty, or made of dots alone',
    remedy: 'Names have letters or digits.',
  },
  VALUE_IN_ARGUMENTS: {
    status: 400,
    title: 'a secret was given on the command line',
    remedy:
      'Others on this machine see every command line, and shells keep them. Pipe the value in, name a file with `--file`, or type it when asked. Replace this one where it came from.',
  },
  VALUE_MISSING: {
    status: 400,
    title: 'there is no value for the secret',
    remedy: 'Pipe it in, name a file with `--file`, or run the command on a terminal and type it.',
  },
  DATA_DIRECTORY_MISSING: {
    status: 404,
    title: 'the data directory is not there',
    remedy: 'Check `--data-dir`. It is the server’s own, which holds the keys of its vault and of its audit log.',
  },
  DURATION_UNREADABLE: {
    status: 400,
    title: 'a duration cannot be read',
    remedy: 'Write a number with its unit, such as `30m`, `12h` or `90d`.',
  },
  KEY_MISSING: {
    status: 400,
    title: 'there is no public key to verify with',
    remedy: 'Name it with `--key`; `chatelaine audit public-key` prints it, and should have been asked long before.',
  },
  RECEIPT_PROVES_NOTHING: {
    status: 422,
    title: 'a receipt does not prove what it says',
    remedy: 'The message says why. Ask for another receipt, and for the public key at a second place.',
  },
  EVIDENCE_PROVES_NOTHING: {
    status: 422,
    title: 'a folder of evidence does not prove what it says',
    remedy: 'The message says why. Ask for the folder again, and for the public key at a second place.',
  },
  PERSON_UNKNOWN: {
    status: 404,
    title: 'there is no user whom the command could mean',
    remedy: '`chatelaine user list` shows every user.',
  },
  CREDENTIALS_UNREADABLE: {
    status: 500,
    title: 'the file with the sessions of the command line cannot be used',
    remedy: 'Check its permissions, or remove it and run `chatelaine login` again.',
  },
  LOGIN_REFUSED: {
    status: 403,
    title: 'the command line was not signed in',
    remedy: 'Run `chatelaine login` again, and confirm the code in a browser where you are signed in.',
  },
});
