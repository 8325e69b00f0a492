/** The tool as it was when agents were let near it. */
import { defineTool, z } from 'chatelaine/module';

export const forecast = defineTool({
  description: 'Tells tomorrow’s weather in a city, from the almanac.',
  annotations: { readOnlyHint: true },
  inputSchema: z.strictObject({ city: z.string().max(100).describe('Name of the city.') }),
  handler: ({ city }) => `${city}: sun, 21 °C`,
});
