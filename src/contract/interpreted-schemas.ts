import { z } from 'zod';

/**
 * Schemas are interpreted: zod would otherwise write a function of its own for each one that reads an object
 * and have it compiled. What we read by them is read once (a document, a request of the API), so the compiling
 * costs more than it saves, a twentieth of a start; and no code is made from strings.
 */
z.config({ jitless: true });
