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
  IMPORT_IMPOSSIBLE: {
    status: 400,
    title: 'the description to import is not one that can be read',
    remedy: 'The message says what is wrong with it. OpenAPI 3.0 and 3.1 documents can be imported.',
  },
});
