/**
 * resources: things to read at URIs.
 *
 * `resource.ts` publishes texts, files and handlers at fixed URIs, `resource-template.ts` files of
 * folders and handlers at the URIs of a template (`uri-template.ts`). Whatever touches the disk goes
 * through `contained-file.ts`, which never follows a path out of its folders. `file-watch.ts` tells of
 * changes. Does not own: who may read (gateway).
 */
export { openResource, type ResourceDeclared } from './resource.ts';
export { openResourceTemplate, type ResourceTemplateDeclared } from './resource-template.ts';
