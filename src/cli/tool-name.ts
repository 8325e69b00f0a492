import { InvalidArgumentError } from 'commander';

/** A tool by its namespace and its name. */
export interface ToolName {
  readonly namespace: string;
  readonly name: string;
}

/** `travel/book`, or `book` of the namespace `default`. */
export function parseToolName(text: string): ToolName {
  const [, namespace = 'default', name] = /^(?:([^/]+)\/)?([^/]+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('A tool is `namespace/name`, or the name alone.');
  return { namespace, name };
}
