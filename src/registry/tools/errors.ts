import { defineErrors } from '#kernel';

/** What can be wrong with a wish about tools and their pins. */
export const toolError = defineErrors('registry tools', {
  REGISTERED_TOOL_UNKNOWN: {
    status: 404,
    title: 'there is no such tool',
    remedy: '`chatelaine tool list` shows every tool.',
  },
  TOOL_DECLARED: {
    status: 409,
    title: 'the tool stands in a file',
    remedy: 'Change the file; what is declared there is read-only here. Or register the tool under another name.',
  },
  TOOL_NAME_TAKEN: {
    status: 409,
    title: 'a tool has this name already',
    remedy: 'Update that tool, or register this one under another name.',
  },
  TOOL_NAME_CONFUSABLE: {
    status: 409,
    title: 'the name could be taken for that of another tool',
    remedy: 'Choose a name that differs in more than case, signs between words, `0` and `O`, or `1`, `I` and `l`.',
  },
  TOOL_DOCUMENT_REFUSED: {
    status: 422,
    title: 'the document describes no tool that can be registered',
    remedy: 'Mend what the message lists; `chatelaine tool lint FILE` tells the same without registering anything.',
  },
  TOOL_CONFIGURATION_NEEDED: {
    status: 409,
    title: 'the sources that tools stand on are not known here',
    remedy: 'Name the configuration with `--config`, or the server that runs it with `--server`.',
  },
  TOOL_REVISION_UNKNOWN: {
    status: 404,
    title: 'the tool has no such revision',
    remedy: '`chatelaine tool show NAME --history` lists them.',
  },
  TOOL_PIN_CHANGED: {
    status: 409,
    title: 'another definition waits than the one that was reviewed',
    remedy: 'Look at the difference again (`chatelaine tool diff NAME`), and decide about the digest that it shows.',
  },
  TOOL_PIN_SETTLED: {
    status: 409,
    title: 'nothing about the tool waits for approval',
    remedy: '`chatelaine tool diff NAME` shows what is approved.',
  },
  SECOND_PERSON_NEEDED: {
    status: 403,
    title: 'a second person has to decide about it',
    remedy:
      'Ask somebody with the role `policy_admin` or `tool_publisher` who did not write the definition, and whom the message names where policy does; an agent does not count.',
  },
  PUBLICATION_DENIED: {
    status: 403,
    title: 'the policies do not allow it',
    remedy: 'A policy has to permit the action `publish` on the tool; `chatelaine policy explain` says which decides.',
  },
  TOOL_QUARANTINED: {
    status: 403,
    title: 'the tool is quarantined',
    remedy:
      'Its definition is not the one that was approved, or somebody stopped it. It can be called again when a person has approved it: `chatelaine tool diff NAME` shows what changed.',
  },
});

/** What is not there, and what the caller may not see. */
export const unknownTool = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
  toolError(
    'REGISTERED_TOOL_UNKNOWN',
    `there is no tool \`${name.slice(0, 128)}\` in the namespace \`${namespace.slice(0, 128)}\``,
  );
