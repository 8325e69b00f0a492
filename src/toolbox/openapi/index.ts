/**
 * openapi: an OpenAPI 3 document, rewritten as one `http` source and one tool per operation.
 *
 *   read (`api-document.ts`) → operations (`operation.ts`: parameters, body, names) → keys
 *   (`security.ts`) → YAML (`import-openapi.ts`)
 *
 * The result is a file for a person to read and keep, so it holds plain documents and nothing hidden:
 * keys are references to the environment, and whatever could not be said is listed with its reason.
 */
export { openApiTools, type OpenApiTools } from './tool-documents.ts';
export { importOpenApi, type ImportNote, type ImportOptions, type ImportedApi } from './import-openapi.ts';
