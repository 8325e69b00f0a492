import { isRecord, type JsonObject } from '#kernel';
import type { ToolCall } from '#toolbox';
import type { Asker } from './asker.ts';

/** What is being filled in. */
interface Filling {
  readonly argument: string;
  readonly typed: string;
  readonly filled: Readonly<Record<string, string>>;
}

/** What the server suggests; nothing where nobody asks it in anybody's name. */
export async function complete(
  asker: Asker,
  ref: JsonObject,
  { argument, typed, filled }: Filling,
  call: ToolCall | undefined,
): Promise<readonly string[]> {
  if (call === undefined) return [];
  const params = {
    ref,
    argument: { name: argument, value: typed },
    ...(Object.keys(filled).length > 0 && { context: { arguments: filled } }),
  };
  const { completion } = await asker.ask({ method: 'completion/complete', params }, call);
  const values = isRecord(completion) ? completion['values'] : undefined;
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}
