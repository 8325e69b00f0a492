/** Whether an imported tool would load: asked of the loader's own schema and of the tool type itself. */
import { silentLogger, systemClock } from '#kernel';
import { SourceSecrets } from '../secrets/index.ts';
import { httpSourceType } from '../sources/http/index.ts';
import type { Source } from '../sources/source.ts';
import { ConfigurationFault, type ToolType } from '../tools/tool-type.ts';
import type { ImportedTool } from './operation.ts';

const httpToolType = httpSourceType.toolTypes[0] as ToolType;
/** What the loader would say about the tool; undefined when it would take it. */
export function loadFault(tool: ImportedTool): string | undefined {
  const { description: _, annotations: __, ...fields } = tool;
  const parsed = httpToolType.schema.safeParse(fields);
  if (!parsed.success) return parsed.error.issues[0]?.message;
  source ??= openNowhere();
  try {
    httpToolType.build(parsed.data, {
      name: 'operation',
      directory: '.',
      source,
      sourceName: 'api',
      parameters: [],
      templateParameters: [],
      readOnly: false,
    });
    return undefined;
  } catch (fault) {
    if (fault instanceof ConfigurationFault) return fault.message;
    throw fault;
  }
}

let source: Source | undefined;

/** The name is of those that lead nowhere (RFC 6761 §6.4), and nothing is asked of it. */
function openNowhere(): Source {
  const config = httpSourceType.schema.parse({ baseUrl: 'https://api.invalid' });
  const secrets = new SourceSecrets(undefined, { namespace: 'default', name: 'api' }, systemClock);
  return httpSourceType.open(config, { name: 'api', directory: '.', log: silentLogger, clock: systemClock, secrets });
}
