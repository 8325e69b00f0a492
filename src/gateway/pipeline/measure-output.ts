import type { Spent } from '#registry';
import type { ToolOutput } from '#toolbox';

/** What an answer counts for, before anything of it is hidden. */
export function measureOutput(output: ToolOutput): Spent {
  const counted = output.kind === 'rows' ? output.rows : output.kind === 'value' ? output.value : output.content;
  return {
    rows: output.kind === 'rows' ? output.rows.length : 0,
    bytes: Buffer.byteLength(JSON.stringify(counted)),
  };
}
