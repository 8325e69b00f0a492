/** A change that its authors meant. */
import { defineTool, z } from 'chatelaine/module';

export const forecast = defineTool({
  description: 'Tells the weather in a city for up to three days, from the almanac.',
  annotations: { readOnlyHint: true },
  inputSchema: z.strictObject({
    city: z.string().max(100).describe('Name of the city.'),
    days: z.int().min(1).max(3).default(1).describe('How many days.'),
  }),
  handler: ({ city, days }) => `${city}: ${Array.from({ length: days }, () => 'sun, 21 °C').join('; ')}`,
});
