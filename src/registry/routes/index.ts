/**
 * registry/routes: tools and their pins, as routes of `/api/v1`.
 *
 * Who may ask is checked twice: by the frame, from what is known before the body, and by the services in the
 * transaction of the change, which know whose a tool is and who wrote what waits.
 */
import type { Route } from '#http';
import { documentRoutes } from './documents.ts';
import type { ToolRouteParts } from './parts.ts';
import { pinRoutes } from './pins.ts';
import { toolRoutes } from './tools.ts';

export type { ToolRouteParts };

export const registryRoutes = (parts: ToolRouteParts): readonly Route[] => [
  ...toolRoutes(parts),
  ...documentRoutes(parts),
  ...pinRoutes(parts),
];
