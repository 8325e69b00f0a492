export * from './parameter.ts';
