import { defineErrors } from '#kernel';

/** What the command line itself can fail with; commands fail with the codes of their modules. */
export const cliError = defineErrors('cli', {
  UNEXPECTED: {
    status: 500,
    title: 'something happened that Chatelaine did not provide for',
    remedy: 'This is a defect. Run the command again with CHATELAINE_DEBUG=1 to see where it happens, and report that.',
  },
});
